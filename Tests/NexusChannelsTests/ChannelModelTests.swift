// Random schedules against a model: tasks of one runtime send, receive, reserve, in batches or one by one, with deadlines and
// cancellations, and leave. Each value has one fate, on the side that says so, and of each sender the values keep their order.

import NexusRT
import Testing

@testable import NexusChannels

/// What became of the values. Shared by the tasks of one runtime.
private final class Model {
  var sent: [[Int]]
  var received: [Int] = []
  var made: [Int]

  init(senders: Int) {
    sent = Array(repeating: [], count: senders)
    made = Array(repeating: 0, count: senders)
  }

  func next(_ sender: Int) -> Int {
    made[sender] += 1
    return sender << 32 | made[sender]
  }
}

@Suite struct ChannelModelTests {
  @Test(arguments: Kind.allCases) func values_onRandomSchedules_haveOneFateEach(kind: Kind) throws {
    let seed = freshSeed()
    for round in 0..<(scaled(400)) { try run(kind, seed: seed &+ UInt64(round) &* 7_919) }
  }

  private func run(_ kind: Kind, seed: UInt64) throws {
    var setUp = SeededGenerator(seed: seed)
    let capacities = kind == .mpmc ? [0, 1, 2, 5, .max] : [1, 2, 3, 5]
    let capacity = capacities[setUp.below(capacities.count)]
    let senders = kind == .spsc ? 1 : 1 + setUp.below(4)
    let receivers = kind == .mpmc ? 1 + setUp.below(3) : 1
    let leavesEarly = setUp.below(4) == 0
    try onRuntime {
      let model = Model(senders: senders)
      let (tx, rx) = kind.make(Int.self, capacity)
      var sending = HandleList<Void>()
      var receiving = HandleList<Void>()
      for name in 0..<senders {
        let own = name == senders - 1 ? tx : tx.clone()
        sending.append(
          spawnBoxed { await drive(own, name, SeededGenerator(seed: seed &* 31 &+ UInt64(name)), model) })
      }
      for name in 0..<receivers {
        let own = name == receivers - 1 ? rx : rx.clone()
        let limit = leavesEarly ? 10 : Int.max
        receiving.append(
          spawnBoxed {
            await drain(own, SeededGenerator(seed: seed &* 57 &+ UInt64(name)), limit, capacity, model)
          })
      }
      var generator = SeededGenerator(seed: seed &* 91)
      for index in 0..<senders where generator.below(3) == 0 {
        for _ in 0..<generator.below(60) { await yield() }
        sending.cancel(index)
      }
      _ = try await sending.values()
      _ = try await receiving.values()
      check(model, leavesEarly, receivers > 1, seed)
    }
  }

  private func check(_ model: Model, _ leavesEarly: Bool, _ isShared: Bool, _ seed: UInt64) {
    for (sender, sent) in model.sent.enumerated() {
      var received = model.received.filter { $0 >> 32 == sender }
      // Several receivers note down what they were given when they run.
      if isShared { received.sort() }
      expect(received == received.sorted(), "seed \(seed): sender \(sender) received \(received)")
      if leavesEarly {
        // What was sent and not received went with the receivers.
        expect(Set(received).count == received.count && Set(received).isSubset(of: sent), "seed \(seed)")
      } else {
        expect(received == sent, "seed \(seed): sender \(sender) sent \(sent), received \(received)")
      }
    }
  }
}

/// A sender's part of a schedule; it leaves at its end.
private nonisolated(nonsending) func drive(
  _ tx: AnySender<Int>, _ name: Int, _ seeded: SeededGenerator, _ model: Model
) async {
  var generator = seeded
  func deadline() -> Deadline? {
    generator.below(3) == 0 ? .after(.nanoseconds(generator.below(4_000))) : nil
  }
  steps: for _ in 0..<30 {
    let value = model.next(name)
    switch generator.below(5) {
    case 0:
      if tx.trySend(value) == nil { model.sent[name].append(value) }
    case 1:
      let error = await tx.send(value, until: deadline())
      if error == nil { model.sent[name].append(value) } else { expect(error?.value == value) }
      if Task.isCancelled { break steps }
    case 2:
      let values = [value, model.next(name), model.next(name)]
      let back = await tx.send(contentsOf: values[...], until: deadline())?.value ?? []
      expect(back == Array(values.suffix(back.count)))
      model.sent[name] += values.prefix(values.count - back.count)
      if Task.isCancelled { break steps }
    case 3:
      let values = [value, model.next(name), model.next(name)]
      model.sent[name] += values.prefix(tx.trySend(contentsOf: values[...]))
    default:
      let isUsed = generator.below(3) > 0
      let turns = generator.below(3)
      let outcome = await tx.reserve(until: deadline()) {
        for _ in 0..<turns { await yield() }
        return isUsed ? value : nil
      }
      if outcome == .sent { model.sent[name].append(value) }
      if Task.isCancelled { break steps }
    }
    for _ in 0..<generator.below(3) { await yield() }
  }
  tx.drop()
}

/// A receiver's part: to the channel's end, or until it has received `limit` values.
private nonisolated(nonsending) func drain(
  _ rx: AnyReceiver<Int>, _ seeded: SeededGenerator, _ limit: Int, _ capacity: Int, _ model: Model
) async {
  var generator = seeded
  var count = 0
  while count < limit {
    // A permit of a rendezvous whose receiver has left keeps its value for the next.
    expect(capacity == 0 || rx.count <= capacity)
    let until: Deadline? = generator.below(3) == 0 ? .after(.nanoseconds(generator.below(4_000))) : nil
    let before = model.received.count
    switch generator.below(4) {
    case 0:
      switch rx.tryReceive() {
      case nil: await yield()
      case .success(let value): model.received.append(value)
      case .failure(let error): return expect(error == .closed)
      }
    case 1:
      var batch: [Int] = []
      let result = await rx.receive(into: &batch, atMost: 1 + generator.below(4), until: until)
      model.received += batch
      if result.error == .closed { return }
    case 2:
      // A receive in a task of its own, cancelled some time: it gives its value or leaves it.
      let receiving = spawnBoxed { await rx.receive() }
      for _ in 0..<generator.below(6) { await yield() }
      receiving.cancel()
      guard let result = try? await receiving.value() else { return }
      if let value = result.value { model.received.append(value) }
      if result.error == .closed { return }
    default:
      let result = await rx.receive(until: until)
      if let value = result.value { model.received.append(value) }
      if result.error == .closed { return }
    }
    count += model.received.count - before
    for _ in 0..<generator.below(3) { await yield() }
  }
  rx.drop()
}
