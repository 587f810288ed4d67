// expect-error: escaping closure captures 'inout' parameter 'book'
// A handler's function cannot leave its resource to a task.
import NexusRT

struct Book { var volume = 0 }

nonisolated(nonsending) func make() async throws -> Handler<Int, Void, Never> {
  try withWorld { world in
    try world.handler { (event: Int, book: inout Book) in
      spawnBoxed {
        await yield()
        book.volume += event
      }
    }
  }
}
