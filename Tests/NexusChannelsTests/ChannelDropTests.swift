// What is left in a channel goes exactly once, when it must, and outside of any lock: its deinit may use the channel.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelDropTests {
  // Catalogue 15: the receiver's end is the values' end, though senders are alive.
  @Test(arguments: Kind.allCases, [1, 3, 7]) func values_thatWereNotReceived_goWithTheReceiver(
    kind: Kind, count: Int
  ) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 7)
      // So that what is left lies across the ring's end.
      for number in 0..<5 {
        #expect(tx.trySend(Tracked(number, alive)) == nil)
        #expect(rx.tryReceive()?.value?.number == number)
      }
      #expect(alive.now == 0)
      for number in 0..<count { #expect(tx.trySend(Tracked(number, alive)) == nil) }
      #expect(alive.now == count)
      rx.drop()
      #expect(alive.now == 0 && alive.ended == 5 + count)
      #expect(tx.trySend(Tracked(0, alive)) != nil)
      #expect(alive.now == 0 && alive.ended == 6 + count)
      tx.drop()
      #expect(alive.ended == 6 + count)
    }
  }

  @Test(arguments: Kind.allCases) func values_thatWereNotReceived_stayWhenTheSenderGoes(kind: Kind) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 4)
      for number in 0..<3 { #expect(tx.trySend(Tracked(number, alive)) == nil) }
      tx.drop()
      #expect(alive.now == 3)
      #expect(rx.tryReceive()?.value?.number == 0)
      #expect(alive.now == 2)
      rx.drop()
      #expect(alive.now == 0 && alive.ended == 3)
    }
  }

  @Test(arguments: Kind.allCases) func values_ofAllWays_goExactlyOnce(kind: Kind) throws {
    let seed = freshSeed()
    try onRuntime {
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<50 {
        let alive = Instances()
        let (tx, rx) = kind.make(Tracked.self, 1 + generator.below(5))
        var made = 0
        func next() -> Tracked {
          made += 1
          return Tracked(made, alive)
        }
        for _ in 0..<40 {
          switch generator.below(6) {
          case 0: _ = tx.trySend(next())
          case 1: _ = tx.trySend(contentsOf: [next(), next(), next()])
          case 2: _ = tx.tryReserve { generator.below(2) == 0 ? nil : next() }
          case 3: _ = await tx.send(next(), until: .now)
          case 4: _ = rx.tryReceive()
          default:
            var buffer: [Tracked] = []
            _ = await rx.receive(into: &buffer, atMost: 1 + generator.below(4), until: .now)
          }
          expect(alive.now == rx.count, "seed \(seed)")
        }
        if generator.below(2) == 0 { tx.drop() }
        rx.drop()
        expect(alive.now == 0 && alive.ended == made, "seed \(seed)")
      }
    }
  }

  // Catalogue 17: a value whose deinit uses the channel it was in.
  @Test(arguments: Kind.allCases) func value_thatUsesItsChannelWhenItGoes_findsItClosed(kind: Kind) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 4)
      for number in 0..<3 {
        let value = Tracked(number, alive) {
          expect(tx.isClosed && tx.count <= 4)
          expect(tx.trySend(Tracked(9, alive)).map { if case .closed = $0 { true } else { false } } ?? false)
          expect(tx.trySend(contentsOf: [Tracked(9, alive)]) == 0)
          if case .refused(.closed) = tx.tryReserve({ nil }) {} else { expect(false) }
        }
        #expect(tx.trySend(value) == nil)
      }
      rx.drop()
      #expect(alive.now == 0 && alive.ended == 9)
    }
  }

  @Test(arguments: Kind.allCases) func value_thatUsesItsChannelWhenItIsReceived_sendsAndReceives(kind: Kind)
    throws
  {
    try onRuntime {
      let alive = Instances()
      let received = Log<Int>()
      let (tx, rx) = kind.make(Tracked.self, 1)
      let first = Tracked(1, alive) {
        expect(tx.trySend(Tracked(2, alive)) == nil)
        if let value = rx.tryReceive()?.value { received.entries.append(value.number) }
      }
      #expect(tx.trySend(first) == nil)
      if case .success? = rx.tryReceive() {}
      _ = consume first
      #expect(received.entries == [2])
      #expect(alive.now == 0)
    }
  }

  // The last end of the other side goes inside of a value's deinit.
  @Test(arguments: Kind.allCases) func value_thatHoldsTheSender_takesItAlong(kind: Kind) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 2)
      #expect(tx.trySend(Tracked(1, alive) { tx.drop() }) == nil)
      #expect(tx.trySend(Tracked(2, alive)) == nil)
      rx.drop()
      #expect(alive.now == 0 && alive.ended == 2)
    }
  }

  @Test(arguments: Kind.allCases) func value_thatDropsTheReceiver_endsTheChannel(kind: Kind) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 1)
      #expect(tx.trySend(Tracked(1, alive)) == nil)
      let sending = spawnBoxed { await tx.send(Tracked(2, alive) { rx.drop() }) == nil }
      await settle()
      // The send is cancelled, its value goes, and with it the receiver and what that still had.
      sending.cancel()
      try await expect(!sending.value())
      #expect(alive.now == 0 && alive.ended == 2 && tx.isClosed)
    }
  }

  // Catalogue 18 and 24: many that wait get their own values back while the receiver's go.
  @Test(arguments: Kind.cloning) func sends_thatWait_whenTheReceiverGoes_loseNothing(kind: Kind) throws {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 2)
      for number in 0..<2 { #expect(tx.trySend(Tracked(-number, alive)) == nil) }
      var sends = HandleList<Int>()
      for number in 0..<30 {
        let tx = tx.clone()
        sends.append(
          spawnBoxed {
            if case .closed(let value)? = await tx.send(Tracked(number, alive)) { value.number } else { -9 }
          })
      }
      await settle()
      #expect(alive.now == 32)
      rx.drop()
      #expect(alive.now == 30)
      try await expect(sends.values() == Array(0..<30))
      #expect(alive.now == 0 && alive.ended == 32)
    }
  }
}
