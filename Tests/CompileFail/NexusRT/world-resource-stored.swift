// expect-error: 'journal' is borrowed and cannot be consumed
// A noncopyable resource that is only read stays in the world.
import NexusRT

struct Journal: ~Copyable { var lines: [String] = [] }
final class Kept { var journal = Journal() }

func make(_ world: inout World, _ kept: Kept) throws -> Handler<Int, Void, Never> {
  try world.handler { (event: Int, journal: borrowing Journal) in
    kept.journal = journal
  }
}
