// expect-error: risks causing data races
// A handler belongs to its world, and that to its thread.
import NexusRT

struct Book { var volume = 0 }

nonisolated(nonsending) func send() async throws {
  let handler = try withWorld { world in try world.handler { (event: Int, book: inout Book) in } }
  Task.detached {
    var world = World()
    handler.run(1, in: &world)
  }
  handler.run(1)
}
