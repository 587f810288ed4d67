// A select that is cancelled, by its task or a scope, or whose time is up: nobody has won, nothing is registered, and what
// its arms were about is untouched. And channel operations in races and joins.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct SelectCancelTests {
  enum End: CaseIterable { case task, scope, timeout, alarm }

  /// Catalogue 29a: cancelling a select that is parked.
  @Test(arguments: End.allCases) func parkedSelect_whenEnded_leavesNothing(end: End) throws {
    try onRuntime {
      let a = channel(0)
      let b = channel(1)
      try b.sender.trySend(0)
      let scope = Noted<CancelScope?>(nil)
      let selecting = spawnBoxed(a.receiver.clone(), b.sender.clone()) { rx, tx in
        let alarm = Alarm.after(end == .alarm ? .milliseconds(1) : .seconds(1_000))
        do {
          switch end {
          case .timeout:
            return try await withTimeout(.milliseconds(1)) {
              String(describing: try await select(rx.receiving(), tx.sending(1), alarm))
            }
          case .scope:
            return try await withCancelScope { made in
              scope.value = made
              return String(describing: try await select(rx.receiving(), tx.sending(1), alarm))
            }
          default: return String(describing: try await select(rx.receiving(), tx.sending(1), alarm))
          }
        } catch { return String(describing: type(of: error)) }
      }
      await settle()
      if end == .task { selecting.cancel() }
      if end == .scope { scope.value!.cancel() }
      let outcome = try await selecting.value()
      switch end {
      case .task, .scope: #expect(outcome == "CancellationError")
      case .timeout: #expect(outcome == "TimeoutError")
      case .alarm: #expect(outcome.contains("third"), "\(outcome)")
      }
      expect(isQuiet(a.sender._core) && isQuiet(b.sender._core))
      try expect(b.receiver.tryReceive() == 0)
      try expect(b.receiver.tryReceive() == nil)
    }
  }

  @Test func cancelledTask_takesWhatIsThere_andDoesNotWait() throws {
    try onRuntime {
      let a = channel(1)
      let b = channel(1)
      try b.sender.trySend(5)
      let selecting = spawnBoxed(a.receiver.clone(), b.receiver.clone()) { first, second in
        let there = received(try await select(first.receiving(), second.receiving()))
        #expect(there == .second(5))
        return (try? await select(first.receiving(), second.receiving())) == nil
      }
      selecting.cancel()
      try await expect(selecting.value())
    }
  }

  /// Catalogue 13, 16, 28: everybody who selects is told of the end of a channel.
  @Test func selects_parkedAtAChannelThatCloses_areAllWoken() throws {
    try onRuntime {
      let a = channel(0)
      let b = channel(1)
      try b.sender.trySend(0)
      var handles = HandleList<Bool>()
      for number in 0..<40 {
        handles.append(
          spawnBoxed(a.receiver.clone(), b.sender.clone()) { rx, tx in
            switch try await select(rx.receiving(), tx.sending(number)) {
            case .first(let value): return value == nil
            case .second(.failure(let error)): return error == .closed(number)
            case .second(.success): return false
            }
          })
      }
      await settle()
      b.sender.close()
      let told = try await handles.values()
      #expect(told == Array(repeating: true, count: 40))
      expect(isQuiet(a.sender._core) && isQuiet(b.sender._core))
    }
  }

  /// Woken and then cancelled: what was handed over counts.
  @Test func select_thatWonBeforeItWasCancelled_hasWon() throws {
    try onRuntime {
      let a = channel(0)
      let b = channel(0)
      let selecting = spawnBoxed(a.receiver.clone(), b.receiver.clone()) { first, second in
        received(try await select(first.receiving(), second.receiving()))
      }
      await settle()
      try a.sender.trySend(1)
      selecting.cancel()
      let refusal = (try? b.sender.trySend(2)) == nil
      #expect(refusal)
      try await expect(selecting.value() == .first(1))
    }
  }

  @Test func timeLimits_aroundReceives_loseNothing() throws {
    try onRuntime {
      let ends = SPSC.channel(of: Int.self, capacity: 4)
      let producer = spawnBoxed(ends.sender) { tx in
        var tx = tx
        for number in 0..<3_000 {
          try await tx.send(number)
          if number % 64 == 0 { try await sleep(for: .microseconds(30)) }
        }
      }
      var receiver = ends.receiver
      var next = 0
      while next < 3_000 {
        do {
          try await withTimeout(.microseconds(1 + next % 40)) {
            let value = try await receiver.receive()
            #expect(value == next)
            next += 1
          }
        } catch { expect(error is TimeoutError) }
      }
      try await producer.value()
    }
  }

  @Test func join_ofASendAndAReceive_meets() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender._core
      let rx = ends.receiver._core
      for number in 0..<200 {
        let (_, value) = try await join({ try await tx.send(number) }, { try await rx.receive() })
        #expect(value == number)
      }
      expect(isQuiet(tx))
    }
  }

  /// The loser of a race is cancelled: its value is still there, unless it had won as well, which the ledger of values tells.
  @Test func race_betweenAReceiveAndATimer_losesNothingThatWasNotReceived() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 100)
      let rx = ends.receiver._core
      let taken = Noted<[Int]>([])
      for number in 0..<100 {
        _ = try? await race(
          {
            taken.value.append(try await rx.receive())
          }, { for _ in 0..<number % 3 { await yield() } })
        try await ends.sender.send(number)
      }
      while let value = try ends.receiver.tryReceive() { taken.value.append(value) }
      #expect(taken.value == Array(0..<100))
      expect(isQuiet(rx))
    }
  }
}
