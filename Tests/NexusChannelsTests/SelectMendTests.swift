// The smallest tests of what the stepping suite found at many-to-many channels: waits that nobody ended.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct SelectMendTests {
  /// Catalogue 9: room that comes back on a way that is easily forgotten.
  @Test func permit_usedForAReceiverThatWaits_givesItsRoomToTheNextSender() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      let tx = ends.sender
      let rx = ends.receiver
      let core = tx._core
      let receiving = spawnBoxed(rx.clone()) { rx in try await rx.receive() }
      let permit = try await tx.reserve()
      await settle()
      let reserving = spawnBoxed { try await core.reserve(until: nil) }
      await settle()
      expect(!reserving.isFinished)
      try permit.send(1)
      await settle()
      expect(reserving.isFinished)
      let value = try await receiving.value()
      #expect(value == 1)
      core.release()
    }
  }

  @Test func permitAtARendezvous_whenDropped_givesItsReceiverToTheNext() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender
      let rx = ends.receiver
      let core = tx._core
      let receiving = spawnBoxed(rx.clone()) { rx in try await rx.receive() }
      await settle()
      do {
        let permit = try await tx.reserve()
        let reserving = spawnBoxed(tx.clone()) { tx in try await tx.reserve().send(2) }
        await settle()
        expect(!reserving.isFinished && core.count == 0)
        _ = consume permit
        await settle()
        expect(reserving.isFinished)
      }
      let value = try await receiving.value()
      #expect(value == 2)
    }
  }

  @Test func selectOnBothSidesOfARendezvous_countsAsAReceiverForPermits() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender
      let rx = ends.receiver
      for isSenderFirst in [true, false] {
        let selecting = spawnBoxed(tx.clone(), rx.clone()) { tx, rx in
          if isSenderFirst {
            if case .second(let value?) = try await select(tx.sending(1), rx.receiving(), order: .listed) {
              return value
            }
          } else {
            if case .first(let value?) = try await select(rx.receiving(), tx.sending(1), order: .listed) {
              return value
            }
          }
          return 0
        }
        await settle()
        let reserving = spawnBoxed(tx.clone()) { tx in try await tx.reserve().send(2) }
        await settle()
        expect(reserving.isFinished)
        let value = try await selecting.value()
        #expect(value == 2)
      }
    }
  }

  @Test func selectOnBothSidesOfARendezvous_isSeenByAPolledFuture() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let tx = ends.sender
      let rx = ends.receiver
      for isSenderFirst in [true, false] {
        let polling = spawnBoxed(rx.clone()) { rx in
          var future = rx.receiving()
          while true {
            let wait = Wait(for: "test")
            if let value = try future.poll(waking: wait.token) { return value }
            guard await wait.suspend() else { return 0 }
          }
        }
        await settle()
        let selecting = spawnBoxed(tx.clone(), rx.clone()) { tx, rx in
          if isSenderFirst {
            if case .first(.success) = try await select(tx.sending(1), rx.receiving(), order: .listed) {
              return true
            }
          } else {
            if case .second(.success) = try await select(rx.receiving(), tx.sending(1), order: .listed) {
              return true
            }
          }
          return false
        }
        await settle()
        expect(polling.isFinished && selecting.isFinished)
        polling.cancel()
        selecting.cancel()
        let value = try await polling.value()
        #expect(value == 1)
        try await expect(selecting.value())
      }
    }
  }

  /// An asynchronous function that threw a slice in its error crashed, in debug and in release.
  @Test func batch_thatIsNotSentWhole_givesTheRestBack() throws {
    try onRuntime {
      let ends = MPMC.channel(of: String.self, capacity: 1)
      do throws(SendError<[String]>) {
        try await ends.sender.send(contentsOf: ["a", "b", "c"], until: .now)
        expect(false)
      } catch { #expect(error == .timedOut(["b", "c"])) }
      ends.receiver.close()
      do throws(SendError<[String]>) {
        try await ends.sender.send(contentsOf: ["d", "e"])
        expect(false)
      } catch { #expect(error == .closed(["d", "e"])) }
    }
  }

  /// A task whose wait was woken and given up is still in the run queue. Cancelled, it took each further wait for one that
  /// somebody had ended, looked again, and never came to an end: the whole runtime stood still.
  @Test func operations_ofACancelledTaskThatIsStillQueued_areCancelled() throws {
    try onRuntime {
      let ends = channel(0)
      let cancelled = spawnBoxed(ends.sender.clone(), ends.receiver.clone()) { tx, rx in
        let wait = Wait(for: "test")
        wait.token.wake()
        wait.giveUp()
        var errors: [String] = []
        do { _ = try await rx.receive() } catch { errors.append("\(error)") }
        do { try await tx.send(1) } catch { errors.append("\(error)") }
        do { _ = try await tx.reserve() } catch { errors.append("\(error)") }
        do { _ = try await select(rx.receiving(), tx.sending(1)) } catch { errors.append("\(error)") }
        if await !Wait(for: "test").suspend() { errors.append("wait") }
        return errors
      }
      cancelled.cancel()
      let errors = try await cancelled.value()
      #expect(errors == ["cancelled", "cancelled(1)", "cancelled", "CancellationError()", "wait"])
      expect(isQuiet(ends.sender._core))
    }
  }
}
