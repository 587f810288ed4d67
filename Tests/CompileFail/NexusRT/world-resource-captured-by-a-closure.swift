// expect-error: escaping closure captures 'inout' parameter 'book'
// A resource is lent for one call: nothing that lives on may hold it.
import NexusRT

struct Book { var volume = 0 }
final class Later { var work: (() -> Void)? }

func make(_ world: inout World, _ later: Later) throws -> Handler<Int, Void, Never> {
  try world.handler { (event: Int, book: inout Book) in
    later.work = { book.volume += event }
  }
}
