// Cancellation ends a wait, and nothing else: no record is lost, nobody stays registered, and a wake that had been sent to
// the cancelled one reaches the next.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesCancelTests {
  @Test func receive_whenCancelledWhileItWaits_unregisters_andReceivesAgain() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      let signals = tx.signals
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        let error = await rx.receiveError()
        return ReceiverAfter(error: error, receiver: rx)
      }
      await settle()
      #expect(signals.isReceiverWaiting)
      receiving.cancel()
      var after = try await receiving.value()
      expect(after.error == .cancelled)
      #expect(!signals.isReceiverWaiting)
      try tx.trySend(record(1))
      try await expect(after.receiver.take() == record(1))
    }
  }

  @Test func receive_whenCancelledBeforeItWaits_givesWhatIsThere_thenIsCancelled() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      let signals = tx.signals
      try tx.trySend(record(1))
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        let first = try await rx.take()
        #expect(first == record(1))
        let error = await rx.receiveError()
        return ReceiverAfter(error: error, receiver: rx)
      }
      receiving.cancel()
      var after = try await receiving.value()
      expect(after.error == .cancelled)
      #expect(!signals.isReceiverWaiting)
      tx.close()
      #expect(await after.receiver.receiveError() == .closed)
    }
  }

  @Test func receive_whenWokenAndThenCancelled_givesTheRecord() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return try await rx.take()
      }
      await settle()
      try tx.trySend(record(1))
      receiving.cancel()
      let bytes = try await receiving.value()
      #expect(bytes == record(1))
    }
  }

  @Test func receive_whenCancelledAndThenCommittedTo_isCancelled_andTheRecordStays() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        let error = await rx.receiveError()
        return ReceiverAfter(error: error, receiver: rx)
      }
      await settle()
      receiving.cancel()
      try tx.trySend(record(1))
      var after = try await receiving.value()
      expect(after.error == .cancelled)
      #expect(try after.receiver.tryTake() == record(1))
    }
  }

  @Test func claim_whenCancelledWhileItWaits_leavesTheQueue_andClaimsAgain() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let signals = tx.signals
      let count = tx.fill()
      let claiming = spawnBoxed(tx) { tx in
        var tx = tx
        let error = await tx.claimError(8)
        return SenderAfter(error: error, sender: tx)
      }
      await settle()
      #expect(signals.queued == 1)
      claiming.cancel()
      var after = try await claiming.value()
      expect(after.error == .cancelled)
      #expect(signals.queued == 0)
      #expect(try rx.tryTake() == record(0))
      try await after.sender.send(record(count))
      for number in 1...count { #expect(try rx.tryTake() == record(number)) }
    }
  }

  @Test func claim_whenCancelledBeforeItWaits_takesRoomThatIsThere_thenIsCancelled() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      let signals = ends.sender.signals
      var rx = ends.receiver
      let claiming = spawnBoxed(ends.sender) { tx in
        var tx = tx
        for number in 0..<4 { try await tx.send(record(number)) }
        return await tx.claimError(8)
      }
      claiming.cancel()
      let error = try await claiming.value()
      #expect(error == .cancelled)
      #expect(signals.queued == 0)
      try await expect(rx.takeAll().count == 4)
    }
  }

  /// One record's room is given back and wakes the first of the queue; whatever becomes of that one, room or wake must
  /// reach the others.
  @Test(arguments: [1, 2, 5], [true, false])
  func claim_whenCalledAndCancelled_handsItsWakeOn(cancelled: Int, isCalledFirst: Bool) throws {
    let served = try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var first = ends.sender
      var rx = ends.receiver
      let signals = first.signals
      _ = first.fill()
      var tasks = HandleList<Bool>()
      for sender in 1...6 {
        tasks.append(
          spawnBoxed(first.clone()) { tx in
            var tx = tx
            do throws(BytesClaimError) { try await tx.send(record(0, from: sender)) } catch { return false }
            return true
          })
      }
      await settle()
      #expect(signals.queued == 6)
      if isCalledFirst { _ = try rx.tryTake() }
      for index in 0..<cancelled { tasks.cancel(index) }
      if !isCalledFirst { _ = try rx.tryTake() }
      await settle()
      let finished = (0..<6).map { tasks.isFinished($0) }
      // Called and then cancelled: the room is there, so it is taken; and the other way round.
      let room = isCalledFirst ? 1 : cancelled + 1
      for index in 0..<6 { #expect(finished[index] == (index < max(room, cancelled))) }
      first.close()
      let received = try await rx.takeAll().map { origin(of: $0).sender }.filter { $0 != 0 }
      let results = try await tasks.values()
      #expect(received == (1...6).filter { results[$0 - 1] })
      #expect(signals.queued == 0)
      return results
    }
    let expected = (0..<6).map { $0 >= cancelled || (isCalledFirst && $0 == 0) }
    #expect(served == expected)
  }

  /// A sender that does not fit yet is first in line; when it gives up, what it left unused fits the one behind it.
  @Test func claim_whenTheFirstInLineGivesUp_letsTheNextTakeTheRoomItCouldNotUse() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 128)
      var filler = ends.sender
      var rx = ends.receiver
      _ = filler.fill()
      let large = spawnBoxed(filler.clone()) { tx in
        var tx = tx
        return await tx.claimError(56)
      }
      await settle()
      let small = spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 2))
      }
      await settle()
      _ = try rx.tryTake()
      await settle()
      expect(!small.isFinished)
      large.cancel()
      let error = try await large.value()
      #expect(error == .cancelled)
      await settle()
      expect(small.isFinished)
    }
  }

  @Test func claims_whenTasksInTheMiddleAreCancelled_keepTheOrderOfTheOthers() throws {
    let senders = try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var first = ends.sender
      var rx = ends.receiver
      _ = first.fill()
      var tasks = HandleList<Bool>()
      for sender in 1...5 {
        tasks.append(
          spawnBoxed(first.clone()) { tx in
            var tx = tx
            do throws(BytesClaimError) { try await tx.send(record(0, from: sender)) } catch { return false }
            return true
          })
      }
      await settle()
      tasks.cancel(1)
      tasks.cancel(3)
      first.close()
      let senders = try await rx.takeAll().map { origin(of: $0).sender }
      _ = try await tasks.values()
      return senders
    }
    #expect(senders == [0, 0, 0, 0, 1, 3, 5])
  }

  @Test func receiveAndClaim_whenTheTaskGroupIsCancelled_areCancelledInItsChildren() throws {
    try onRuntime {
      let empty = SPSCBytes.channel(capacity: 64)
      let full = SPSCBytes.channel(capacity: 64)
      var filler = full.sender
      let count = filler.fill()
      let keptSender = empty.sender
      var keptReceiver = full.receiver
      let signals = (empty: keptSender.signals, full: filler.signals)
      let receiver = Handover(empty.receiver)
      let sender = Handover(filler)
      let errors = await withTaskGroup(of: String.self) { group in
        group.addTask {
          var rx = receiver.take()
          return "receive \(String(describing: await rx.receiveError()))"
        }
        group.addTask {
          var tx = sender.take()
          return "claim \(String(describing: await tx.claimError(8)))"
        }
        // The moment they are registered, which is before they are suspended: cancelling must find them there too.
        while !signals.empty.isReceiverWaiting || signals.full.queued == 0 { await yield() }
        group.cancelAll()
        var errors: [String] = []
        for await error in group { errors.append(error) }
        return errors.sorted()
      }
      #expect(errors.count == 2 && errors.allSatisfy { $0.contains("cancelled") }, "\(errors)")
      #expect(!signals.empty.isReceiverWaiting)
      #expect(signals.full.queued == 0)
      for number in 0..<count { try expect(keptReceiver.tryTake() == record(number)) }
      keptSender.close()
    }
  }
}

private struct ReceiverAfter: ~Copyable {
  let error: ReceiveError?
  var receiver: BytesReceiver
}

private struct SenderAfter: ~Copyable {
  let error: BytesClaimError?
  var sender: SPSCBytes.Sender
}
