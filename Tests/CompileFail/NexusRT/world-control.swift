// expect-success
// The world as it is meant to be used: what the snippets beside it get wrong.
import NexusRT

struct Order { var quantity = 1 }
struct Book { var volume = 0 }
struct Limits { var largest = 10 }
struct Journal: ~Copyable { var lines: [String] = [] }
struct Session: ~Copyable { var orders = 0 }

func onOrder(
  _ order: Order, _ session: inout Session, _ book: inout Book, _ journal: inout Journal, _ limits: Limits
) -> Bool {
  session.orders += 1
  book.volume += order.quantity
  journal.lines.append("\(order.quantity)")
  return order.quantity <= limits.largest
}

func count(_ journal: borrowing Journal) -> Int { journal.lines.count }

nonisolated(nonsending) func use() async throws -> Int {
  let handler = try withWorld { world in
    world.insert(Book())
    world.insert(Limits())
    world.insert(Journal())
    return try world.handler(owning: Session(), onOrder)
  }
  let template = handler.template(of: Session.self)
  for _ in 0..<3 {
    let task = spawnBoxed(template.stamp(owning: Session())) { handler in
      withWorld { world in _ = handler.run(Order(), in: &world) }
      await yield()
      return handler.run(Order())
    }
    _ = try await task.value()
  }
  return withWorld { world in
    var pipeline = Pipeline(of: Order.self).filter { $0.quantity > 0 }.then(handler)
    pipeline.run(Order(), in: &world)
    return world.read(Journal.self) { count($0) }
  }
}
