// What every kind of channel does at once: capacity, order, and the difference between full, empty and closed.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelBasicTests {
  // Catalogue 33: the count at every fill level, also where positions wrap.
  @Test(arguments: Kind.allCases, [1, 2, 3, 7, 64, 1_000])
  func capacity_isExactlyWhatWasAskedFor(kind: Kind, capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, capacity)
      #expect(tx.capacity == capacity && rx.capacity == capacity)
      // Three rounds with a step in between, so that positions wrap at places of every kind.
      for round in 0..<3 {
        for number in 0..<capacity {
          expect(tx.count == number && rx.count == number)
          expect(tx.trySend(round + number) == nil)
        }
        #expect(tx.trySend(-1) == .full(-1))
        #expect(tx.count == capacity && rx.count == capacity)
        for number in 0..<capacity { expect(rx.tryReceive() == .success(round + number)) }
        #expect(rx.tryReceive() == nil && rx.count == 0)
        #expect(tx.trySend(7) == nil)
        #expect(rx.tryReceive() == .success(7))
      }
    }
  }

  @Test(arguments: Kind.allCases, [1, 3, 8])
  func values_sentAndReceivedInStepsOfAnySize_keepTheirOrder(kind: Kind, capacity: Int) throws {
    let seed = freshSeed()
    try onRuntime {
      var generator = SeededGenerator(seed: seed)
      let (tx, rx) = kind.make(Int.self, capacity)
      var sent = 0
      var received = 0
      while received < 1_000 {
        for _ in 0..<generator.below(capacity + 2) where tx.trySend(sent) == nil { sent += 1 }
        for _ in 0..<generator.below(capacity + 2) {
          guard let result = rx.tryReceive() else { break }
          expect(result == .success(received), "seed \(seed)")
          received += 1
        }
        expect(rx.count == sent - received, "seed \(seed)")
      }
    }
  }

  @Test(arguments: Kind.allCases) func attempts_tellFullEmptyAndClosedApart(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(String.self, 1)
      #expect(rx.tryReceive() == nil)
      #expect(tx.trySend("a") == nil)
      #expect(tx.trySend("b") == .full("b"))
      #expect(!tx.isClosed && !rx.isClosed)
      rx.drop()
      #expect(tx.isClosed)
      #expect(tx.trySend("c") == .closed("c"))
    }
  }

  // Catalogue 13: what was sent before the sender went is received before the end.
  @Test(arguments: Kind.allCases) func senderGone_leavesItsValues_andThenTheChannelIsClosed(kind: Kind) throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 4)
      for number in 0..<3 { #expect(tx.trySend(number) == nil) }
      tx.drop()
      #expect(rx.isClosed)
      #expect(rx.count == 3)
      #expect(rx.tryReceive() == .success(0))
      #expect(await rx.receive() == .success(1))
      #expect(rx.receiveBlocking() == .success(2))
      #expect(rx.tryReceive() == .failure(.closed))
      #expect(await rx.receive() == .failure(.closed))
      #expect(rx.receiveBlocking() == .failure(.closed))
      var buffer: [Int] = []
      #expect(await rx.receive(into: &buffer, atMost: 4) == .failure(.closed))
      #expect(rx.receiveBlocking(into: &buffer, atMost: 4) == .failure(.closed))
      try await expect(rx.next() == nil)
      #expect(buffer.isEmpty && rx.count == 0)
    }
  }

  @Test(arguments: Kind.allCases, [0, 2]) func receiverGone_givesEveryLaterValueBack(kind: Kind, sent: Int)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      for number in 0..<sent { #expect(tx.trySend(number) == nil) }
      rx.drop()
      for round in 0..<3 {
        #expect(tx.trySend(round) == .closed(round))
        #expect(await tx.send(round) == .closed(round))
        #expect(await tx.send(round, until: .after(.seconds(5))) == .closed(round))
        #expect(tx.sendBlocking(round) == .closed(round))
        #expect(tx.trySend(contentsOf: [1, 2]) == 0)
        #expect(await tx.send(contentsOf: [1, 2]) == .closed([1, 2]))
        #expect(tx.sendBlocking(contentsOf: [1, 2]) == .closed([1, 2]))
        #expect(await tx.reserve { 1 } == .refused(.closed))
        #expect(tx.tryReserve { 1 } == .refused(.closed))
        #expect(tx.reserveBlocking { 1 } == .refused(.closed))
      }
    }
  }

  @Test(arguments: Kind.allCases, [1, 3]) func elements_ofEverySize_arriveAsTheyWere(
    kind: Kind, capacity: Int
  )
    throws
  {
    struct Nothing: Equatable, Sendable {}
    struct Three: Equatable, Sendable { var a: UInt8, b: UInt8, c: UInt8 }
    struct Large: Equatable, Sendable {
      var words = SIMD16<UInt64>(repeating: 7)
      var name = "a name that is too long for the string's own words"
      var last: UInt8 = 3
    }
    func pass<E: Equatable & Sendable>(_ values: [E]) {
      let (tx, rx) = kind.make(E.self, capacity)
      for round in 0..<9 {
        let value = values[round % values.count]
        expect(tx.trySend(value) == nil)
        expect(rx.tryReceive()?.value == value, "\(E.self)")
      }
    }
    pass([Nothing()])
    pass([UInt8(1), 255])
    pass([Three(a: 1, b: 2, c: 3), Three(a: 255, b: 0, c: 9)])
    pass([Large(), Large(name: "b", last: 4)])
    pass([SIMD64<UInt8>(repeating: 9), SIMD64<UInt8>(repeating: 1)])
    pass([[1, 2], []])
    pass([Int?.none, 4])
  }

  @Test func capacity_thatIsNone_traps_exceptForARendezvous() async {
    await #expect(processExitsWith: .failure) { _ = Kind.local.make(Int.self, 0) }
    await #expect(processExitsWith: .failure) { _ = Kind.spsc.make(Int.self, 0) }
    await #expect(processExitsWith: .failure) { _ = Kind.mpsc.make(Int.self, 0) }
    await #expect(processExitsWith: .failure) { _ = Kind.mpmc.make(Int.self, -1) }
    #expect(Kind.mpmc.make(Int.self, 0).0.capacity == 0)
    #expect(Kind.mpmc.make(Int.self, .max).0.capacity == nil)
  }
}
