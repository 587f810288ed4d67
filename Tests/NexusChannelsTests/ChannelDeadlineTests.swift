// Deadlines: what can be done at once is done, whatever they say; a wait ends at them, and nothing is lost by it.

import NexusRT
import Testing

@testable import NexusChannels

private let past = Deadline.now
private func soon() -> Deadline { .after(.milliseconds(3)) }

@Suite struct ChannelDeadlineTests {
  @Test(arguments: Kind.allCases) func deadline_thatIsPast_doesNotHinderWhatCanBeDone(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(await tx.send(1, until: past) == nil)
      #expect(await rx.receive(until: past) == .success(1))
      #expect(tx.sendBlocking(2, until: past) == nil)
      #expect(rx.receiveBlocking(until: past) == .success(2))
      #expect(await tx.reserve(until: past) { 3 } == .sent)
      var buffer: [Int] = []
      #expect(await rx.receive(into: &buffer, atMost: 5, until: past) == .success(1))
      tx.drop()
      #expect(await rx.receive(until: past) == .failure(.closed))
    }
  }

  @Test(arguments: Kind.allCases, [true, false])
  func wait_thatReachesItsDeadline_timesOut_andLeavesNothingBehind(kind: Kind, isPast: Bool) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      func deadline() -> Deadline { isPast ? past : soon() }
      var buffer: [Int] = []
      var limit = deadline()
      #expect(await rx.receive(until: limit) == .failure(.timedOut))
      #expect(Deadline.now >= limit)
      #expect(await rx.receive(into: &buffer, atMost: 3, until: deadline()) == .failure(.timedOut))
      #expect(buffer.isEmpty)
      // The receive that timed out swallows nothing that comes later.
      #expect(tx.trySend(1) == nil)
      limit = deadline()
      #expect(await tx.send(2, until: limit) == .timedOut(2))
      #expect(Deadline.now >= limit)
      #expect(await tx.send(contentsOf: [3, 4], until: deadline()) == .timedOut([3, 4]))
      #expect(await tx.reserve(until: deadline()) { 5 } == .refused(.timedOut))
      #expect(tx.waiting == 0)
      #expect(rx.present() == [1])
      // Room is room again for all.
      #expect(tx.trySend(6) == nil)
      #expect(await rx.receive(until: deadline()) == .success(6))
    }
  }

  @Test(arguments: Kind.threaded) func wait_onAThread_timesOut_andLeavesNothingBehind(kind: Kind) throws {
    let (tx, rx) = kind.make(Int.self, 1)
    var limit = soon()
    #expect(rx.receiveBlocking(until: limit) == .failure(.timedOut))
    #expect(Deadline.now >= limit)
    #expect(rx.receiveBlocking(until: past) == .failure(.timedOut))
    #expect(tx.trySend(1) == nil)
    limit = soon()
    #expect(tx.sendBlocking(2, until: limit) == .timedOut(2))
    #expect(Deadline.now >= limit)
    #expect(tx.sendBlocking(3, until: past) == .timedOut(3))
    #expect(tx.sendBlocking(contentsOf: [4, 5], until: soon()) == .timedOut([4, 5]))
    #expect(tx.reserveBlocking(until: soon()) { 6 } == .refused(.timedOut))
    #expect(tx.waiting == 0)
    #expect(rx.present() == [1])
    #expect(tx.sendBlocking(7, until: soon()) == nil)
    var buffer: [Int] = []
    #expect(rx.receiveBlocking(into: &buffer, atMost: 3, until: soon()) == .success(1))
  }

  @Test(arguments: Kind.allCases) func send_thatTimesOut_keepsTheOrderOfTheOthers(kind: Kind) throws {
    guard kind != .spsc else { return }
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      var sends = HandleList<SendError<Int>?>()
      for number in 1...5 {
        let tx = tx.clone()
        sends.append(spawnBoxed { await tx.send(number, until: number % 2 == 0 ? soon() : nil) })
      }
      await settle()
      // A thread that is kept from its core starts them late, and their time is up late.
      for _ in 0..<500 where tx.waiting > 3 { try await sleep(for: .milliseconds(10)) }
      #expect(tx.waiting == 3)
      tx.drop()
      try await expect(rx.rest() == [0, 1, 3, 5])
      try await expect(sends.values() == [nil, .timedOut(2), nil, .timedOut(4), nil])
    }
  }

  @Test(arguments: Kind.allCases) func receive_racingItsDeadline_givesEachValueOnce(kind: Kind) throws {
    let seed = freshSeed()
    try onRuntime {
      var generator = SeededGenerator(seed: seed)
      let (tx, rx) = kind.make(Int.self, 2)
      let count = scaled(300)
      let receiving = spawnBoxed {
        var generator = SeededGenerator(seed: seed &+ 1)
        var received: [Int] = []
        while true {
          let limit = Deadline.after(.microseconds(generator.below(60)))
          switch await rx.receive(until: limit) {
          case .success(let value): received.append(value)
          case .failure(.timedOut): continue
          case .failure: return received
          }
        }
      }
      var sent: [Int] = []
      for number in 0..<count {
        try await sleep(for: .microseconds(generator.below(40)))
        let error = await tx.send(number, until: .after(.microseconds(generator.below(40))))
        if error == nil { sent.append(number) } else { expect(error == .timedOut(number), "seed \(seed)") }
      }
      tx.drop()
      let received = try await receiving.value()
      #expect(received == sent, "seed \(seed)")
    }
  }
}
