// A deadline ends a wait, and nothing else: nobody stays registered or queued, no record is lost, the others go on.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesDeadlineTests {
  @Test func receive_whenTheDeadlineComes_timesOut_unregisters_andReceivesAgain() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let deadline = Deadline.after(.milliseconds(2))
      let error = await rx.receiveError(until: deadline)
      #expect(error == .timedOut)
      #expect(deadline.isPast)
      expect(!tx.signals.isReceiverWaiting)
      await #expect(rx.batchError(until: .after(.milliseconds(1))) == .timedOut)
      try tx.trySend(record(1))
      #expect(await rx.receiveError(until: .now) == nil)
      expect(rx.bytesInUse == 0)
    }
  }

  @Test func claim_whenTheDeadlineComes_timesOut_leavesTheQueue_andClaimsAgain() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let count = tx.fill()
      let signals = tx.signals
      let error = await tx.claimError(8, until: .after(.milliseconds(2)))
      #expect(error == .timedOut)
      #expect(signals.queued == 0 && !signals.firstSender.isSet)
      #expect(try rx.tryTake() == record(0))
      try tx.trySend(record(count))
      for number in 1...count { #expect(try rx.tryTake() == record(number)) }
    }
  }

  @Test func claim_whenTheFirstInLineTimesOut_letsTheNextTakeTheRoomItCouldNotUse() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 128)
      var filler = ends.sender
      var rx = ends.receiver
      _ = filler.fill()
      let large = spawnBoxed(filler.clone()) { tx in
        var tx = tx
        return await tx.claimError(56, until: .after(.milliseconds(5)))
      }
      await settle()
      let small = spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 2))
      }
      await settle()
      _ = try rx.tryTake()
      let error = try await large.value()
      #expect(error == .timedOut)
      try await small.value()
      expect(filler.signals.queued == 0)
    }
  }

  @Test func threads_whenTheDeadlineComes_timeOut_andGoOn() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    let signals = tx.signals
    #expect(throws: ReceiveError.timedOut) { try rx.takeBlocking(until: .after(.milliseconds(2))) }
    #expect(rx.batchBlockingError(until: .after(.milliseconds(2))) == .timedOut)
    #expect(!signals.isReceiverWaiting)
    let count = tx.fill()
    #expect(throws: BytesClaimError.timedOut) {
      try tx.sendBlocking(record(9), until: .after(.milliseconds(2)))
    }
    #expect(signals.queued == 0 && !signals.firstSender.isSet)
    for number in 0..<count { #expect(try rx.takeBlocking(until: .now) == record(number)) }
    try tx.sendBlocking(record(count), until: .now)
    #expect(try rx.takeBlocking() == record(count))
  }

  /// Deadlines against commits and freed room, at all moments: what was sent arrives, once and in order.
  @Test func waits_whenDeadlinesRaceWithWakes_loseNothing() throws {
    let seed = freshSeed()
    let rounds = scaled(4_000)
    let ends = SPSCBytes.channel(capacity: 64)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let thread = Worker {
      var tx = sender.take()
      var generator = SeededGenerator(seed: seed)
      var number = 0
      while number < rounds {
        do throws(BytesClaimError) {
          let wait = Duration.microseconds(generator.below(60))
          try tx.sendBlocking(record(number), until: .after(wait))
          number += 1
        } catch { if error != .timedOut { throw error } }
      }
    }
    let wrong = try onRuntime { () -> Int? in
      var rx = receiver.take()
      var generator = SeededGenerator(seed: seed &+ 1)
      var next = 0
      while true {
        do throws(ReceiveError) {
          let bytes = try await rx.take(until: .after(.microseconds(generator.below(60))))
          if bytes != record(next) { return next }
          next += 1
        } catch {
          if error == .closed { return next == rounds ? nil : next }
          if error != .timedOut { return next }
        }
      }
    }
    try thread.join()
    #expect(wrong == nil, "seed \(seed)")
  }
}
