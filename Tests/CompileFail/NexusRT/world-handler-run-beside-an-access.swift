// expect-error: overlapping accesses to 'world'
// While a resource is in use by itself no handler runs that might use it too.
import NexusRT

struct Book { var volume = 0 }

func use(_ world: inout World, _ handler: Handler<Int, Void, Never>) {
  world.mutate(Book.self) { book in
    handler.run(1, in: &world)
    book.volume += 1
  }
}
