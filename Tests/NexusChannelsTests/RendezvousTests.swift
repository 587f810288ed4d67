// Channels of capacity 0: a send completes when its value is received; and of no bound: a send never waits.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct RendezvousTests {
  @Test func attempts_withoutACounterpart_doNothing() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      #expect(tx.trySend(1) == .full(1))
      #expect(rx.tryReceive() == nil)
      #expect(tx.trySend(contentsOf: [1, 2]) == 0)
      #expect(tx.tryReserve { 1 } == .refused(.full))
      #expect(tx.count == 0 && tx.capacity == 0)
      // Go's TestSelfSelect at its simplest: nobody receives from itself.
      #expect(await tx.send(1, until: .now) == .timedOut(1))
      #expect(rx.tryReceive() == nil)
    }
  }

  @Test func send_completesWhenItsValueIsReceived_andNotBefore() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      for number in 0..<10 {
        let sending = spawnBoxed { await tx.send(number) }
        await settle()
        expect(!sending.isFinished && tx.count == 0 && tx.waiting == 1)
        #expect(
          number % 2 == 0 ? rx.tryReceive() == .success(number) : await rx.receive() == .success(number))
        await settle()
        expect(sending.isFinished)
        try await expect(sending.value() == nil)
      }
    }
  }

  @Test func trySend_toAReceiverThatWaits_isReceived() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      #expect(tx.trySend(1) == nil)
      #expect(tx.trySend(2) == .full(2))
      try await expect(receiving.value() == .success(1))
    }
  }

  // B.1's probe 2: a receiver that is cancelled leaves no value in a channel that holds none.
  @Test func trySend_afterTheReceiverWasCancelled_isFull() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      receiving.cancel()
      #expect(tx.trySend(1) == .full(1))
      try await expect(receiving.value() == .failure(.cancelled))
      #expect(tx.count == 0)
    }
  }

  // The names of Swift's AsyncChannel: several producers and consumers; finish ends both sides.
  @Test func elements_ofSeveralProducersAndConsumers_areDelivered() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      var receives = HandleList<[Int]>()
      for _ in 0..<3 {
        let rx = rx.clone()
        receives.append(spawnBoxed { try await rx.rest() })
      }
      var sends = HandleList<Bool>()
      for sender in 0..<4 {
        let tx = tx.clone()
        sends.append(
          spawnBoxed {
            for number in 0..<100 where await tx.send(sender * 100 + number) != nil { return false }
            tx.drop()
            return true
          })
      }
      tx.drop()
      try await expect(sends.values().allSatisfy(\.self))
      try await expect(receives.values().flatMap(\.self).sorted() == Array(0..<400))
    }
  }

  @Test func permit_isForAReceiverThatWaits() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let reserving = spawnBoxed { await tx.reserve { 5 } }
      await settle()
      expect(!reserving.isFinished)
      #expect(rx.tryReceive() == nil)
      #expect(await rx.receive() == .success(5))
      try await expect(reserving.value() == .sent)
      #expect(tx.count == 0)
    }
  }

  // Catalogue 9: the permit that goes gives its receiver to the next who waits for one.
  @Test func permit_thatIsDropped_givesItsReceiverToTheNext() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let other = tx.clone()
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      let outcome = await tx.reserve {
        spawnBoxed { expect(await other.reserve { 5 } == .sent) }
        await settle()
        expect(other.waiting == 1)
        return nil
      }
      #expect(outcome == .dropped)
      await settle()
      expect(receiving.isFinished)
      receiving.cancel()
      try await expect(receiving.value() == .success(5))
    }
  }

  @Test func permit_whoseReceiverIsCancelled_keepsItsValueForTheNext() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      let outcome = await tx.reserve {
        receiving.cancel()
        await settle()
        return 5
      }
      try await expect(receiving.value() == .failure(.cancelled))
      #expect(outcome == .sent)
      #expect(await rx.receive() == .success(5))
      #expect(tx.trySend(6) == .full(6))
    }
  }

  @Test func sends_ofSeveral_meetTheirReceiversInOrder() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, 0)
      let sending = spawnBoxed { await tx.send(contentsOf: Array(0..<50)[...]) }
      var received: [Int] = []
      while received.count < 50 { _ = await rx.receive(into: &received, atMost: 8) }
      #expect(received == Array(0..<50))
      try await expect(sending.value() == nil)
    }
  }
}

@Suite struct UnboundedTests {
  @Test func send_neverWaits_andTheMemoryOfACrowdIsGivenBack() throws {
    try onRuntime {
      let ends = MPMC.unbounded(of: Int.self)
      let tx = ends.sender
      let rx = ends.receiver
      let core = tx._core
      for number in 0..<100_000 { try await tx.send(number, until: .now) }
      expect(tx.count == 100_000 && tx.capacity == nil)
      for number in 0..<100_000 { try expect(rx.tryReceive() == number) }
      try expect(rx.tryReceive() == nil)
      expect(unsafe core.block.pointee.values.size <= 4_096)
      for number in 0..<10 { try tx.trySend(number) }
      for number in 0..<10 { try expect(rx.tryReceive() == number) }
    }
  }

  // The list flavour's stack_overflow: a channel of a channel of a channel, dropped at once.
  @Test func channels_nestedInEachOther_goOneInsideTheOther() throws {
    try onRuntime {
      let alive = Instances()
      var inner: (AnySender<Tracked>, AnyReceiver<Tracked>) = Kind.mpmc.make(Tracked.self, .max)
      for number in 0..<1_000 {
        let next: (AnySender<Tracked>, AnyReceiver<Tracked>) = Kind.mpmc.make(Tracked.self, .max)
        let (tx, rx) = inner
        expect(next.0.trySend(Tracked(number, alive) { withExtendedLifetime((tx, rx)) {} }) == nil)
        inner = next
      }
      expect(alive.now == 1_000)
      inner.1.drop()
      inner = Kind.mpmc.make(Tracked.self, .max)
      expect(alive.now == 0)
    }
  }

  @Test func permits_ofAnUnboundedChannel_areAlwaysThere() throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, .max)
      for number in 0..<100 { #expect(tx.tryReserve { number % 2 == 0 ? number : nil } != .refused(.full)) }
      #expect(rx.present() == Array(stride(from: 0, to: 100, by: 2)))
    }
  }
}
