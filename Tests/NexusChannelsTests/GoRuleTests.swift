// Go's rule of closing, and its channel tests as far as they need no select.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct GoRuleTests {
  @Test(arguments: [1, 4]) func closedChannel_givesWhatItHas_andThenItsEnd_forEver(capacity: Int) throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: capacity, closing: .traps)
      let tx = ends.sender
      let rx = ends.receiver
      for number in 0..<capacity { try tx.trySend(number) }
      expect(tx.close())
      for number in 0..<capacity { try await expect(rx.receive() == number) }
      for _ in 0..<3 { try await expect(rx.next() == nil) }
    }
  }

  @Test func send_onAClosedChannel_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      ends.sender.close()
      try? ends.sender.trySend(1)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("a value was sent on a closed channel"))
  }

  @Test func send_thatWaitsWhenTheChannelIsClosed_traps() async {
    await #expect(processExitsWith: .failure) {
      try onRuntime {
        let ends = MPMC.channel(of: Int.self, capacity: 0, closing: .traps)
        spawnBoxed(ends.sender.clone()) { tx in try? await tx.send(1) }
        await settle()
        ends.receiver.close()
        await settle()
      }
    }
  }

  /// What won was decided before the close: the arm that lost has sent nothing.
  @Test func sendArm_thatLostBeforeTheClose_doesNotTrap() throws {
    try onRuntime {
      let a = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      let b = channel(1)
      try a.sender.trySend(1)
      let selecting = spawnBoxed(a.sender.clone(), b.receiver.clone()) { tx, rx in
        switch try await select(tx.sending(2), rx.receiving()) {
        case .first: return 0
        case .second(let value): return value ?? -1
        }
      }
      await settle()
      try b.sender.trySend(7)
      a.sender.close()
      try await expect(selecting.value() == 7)
    }
  }

  @Test func send_whoseWaitEndedBeforeTheClose_doesNotTrap() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      try ends.sender.trySend(1)
      let sending = spawnBoxed(ends.sender.clone()) { tx in
        do throws(SendError<Int>) {
          try await tx.send(2)
          return 0
        } catch {
          return error.value
        }
      }
      await settle()
      sending.cancel()
      ends.sender.close()
      try await expect(sending.value() == 2)
    }
  }

  @Test func future_thatIsGivenUpAfterTheClose_doesNotTrap() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      let tx = ends.sender
      try tx.trySend(1)
      var first = tx.sending(2)
      var second = tx.sending(3)
      try expect(!first.poll(waking: .none))
      try expect(!second.poll(waking: .none))
      tx.close()
      expect(first.cancel() == 2)
      _ = consume second
    }
  }

  @Test func future_thatIsPolledAgainAfterTheClose_traps() async {
    await #expect(processExitsWith: .failure) {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      let tx = ends.sender
      try tx.trySend(1)
      var future = tx.sending(2)
      _ = try future.poll(waking: .none)
      tx.close()
      _ = try? future.poll(waking: .none)
    }
  }

  /// Whether the last end of the other side has gone before, which closes the channel too, no user can know.
  @Test func close_afterTheOtherSideHasGone_doesNotTrap() throws {
    let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
    drop(ends.receiver)
    expect(!ends.sender.close())
    let others = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
    drop(others.sender)
    expect(!others.receiver.close())
  }

  @Test func close_ofAClosedChannel_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      ends.sender.close()
      ends.receiver.close()
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("closed already"))
  }

  @Test func ends_thatGoAfterAClose_doNotTrap() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1, closing: .traps)
      ends.sender.close()
      _ = ends.sender.clone()
      _ = ends.receiver.clone()
    }
  }

  // TestChan's integer sequence, and its multiset among several on both sides.
  @Test(arguments: [0, 1, 10, 100]) func integers_throughAChannel_areAllThere(capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      let sending = spawnBoxed { for number in 0..<100 { expect(await tx.send(number) == nil) } }
      for number in 0..<100 { expect(await rx.receive() == .success(number)) }
      try await sending.value()
      var sends = HandleList<Void>()
      var receives = HandleList<[Int]>()
      for _ in 0..<4 {
        let (tx, rx) = (tx.clone(), rx.clone())
        sends.append(spawnBoxed { for number in 0..<200 { expect(await tx.send(number) == nil) } })
        receives.append(
          spawnBoxed {
            var all: [Int] = []
            for _ in 0..<200 { all.append(await rx.receive().value ?? -1) }
            return all
          })
      }
      _ = try await sends.values()
      let received = try await receives.values().flatMap(\.self).sorted()
      expect(received == (0..<800).map { $0 / 4 })
      expect(tx.count == 0)
    }
  }

  // TestSieve: a chain of filters, each a task between two channels.
  @Test(arguments: Kind.allCases) func sieve_ofManyTasks_findsThePrimes(kind: Kind) throws {
    try onRuntime {
      let (tx, first) = kind.make(Int.self, 1)
      let generating = spawnBoxed {
        for number in 2... where await tx.send(number) != nil { return }
      }
      var source = first
      var primes: [Int] = []
      for _ in 0..<40 {
        let prime = await source.receive().value ?? 0
        primes.append(prime)
        let (next, rx) = kind.make(Int.self, 1)
        let input = source
        spawnBoxed {
          while let number = try await input.next() {
            if number % prime != 0, await next.send(number) != nil { break }
          }
          input.drop()
        }
        source = rx
      }
      #expect(primes.last == 173)
      source.drop()
      // The end runs through the whole chain, from the last filter to the generator.
      try await generating.value()
    }
  }

  // TestNonblockRecvRace, TestNonblockSelectRace2's half: a value that is there, or the end, is found at once.
  @Test func tryReceive_afterASendOrAClose_isNeverEmpty() throws {
    for round in 0..<scaled(500) {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      let rx = ends.receiver
      try ends.sender.trySend(1)
      let tx = Handover(ends.sender)
      let closing = Worker { tx.take().close() }
      let value = try rx.tryReceive()
      expect(value == 1, "round \(round)")
      _ = try closing.join()
      #expect(throws: ReceiveError.closed) { try rx.tryReceive() }
    }
  }
}
