// expect-error: async
// A handler runs while the world is lent: it cannot suspend.
import NexusRT

struct Book { var volume = 0 }

func make(_ world: inout World) throws {
  _ = try world.handler { (event: Int, book: inout Book) async in
    await yield()
    book.volume += event
  }
}
