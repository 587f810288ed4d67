// expect-error: 'ticket' is borrowed and cannot be consumed
// An event is lent to the handler.
import NexusRT

struct Ticket: ~Copyable { var number = 0 }
final class Kept { var ticket = Ticket() }

func make(_ world: inout World, _ kept: Kept) throws -> Handler<Ticket, Void, Never> {
  try world.handler { (ticket: borrowing Ticket) in
    kept.ticket = ticket
  }
}
