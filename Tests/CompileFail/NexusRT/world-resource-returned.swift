// expect-error: missing reinitialization of inout parameter 'journal' after consume
// Nor can it be moved out of the world by a handler that may change it.
import NexusRT

struct Journal: ~Copyable { var lines: [String] = [] }

func make(_ world: inout World) throws -> Handler<Int, Journal, Never> {
  try world.handler { (event: Int, journal: inout Journal) in
    return journal
  }
}
