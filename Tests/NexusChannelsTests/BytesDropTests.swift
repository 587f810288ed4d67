// The end of one side is news for the other, also for those who wait: a receiver still gets what was committed, and then
// learns that nothing will come; senders learn that nobody will read, every one of them.

import LogBuf
@testable import NexusChannels
import NexusRT
import Testing

@Suite struct BytesDropTests {
  @Test func receive_whenTheLastSenderLeavesWhileItWaits_isClosed() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return await rx.receiveError()
      }
      let first = ends.sender
      let second = first.clone()
      await settle()
      first.close()
      await settle()
      expect(!receiving.isFinished)
      second.close()
      let error = try await receiving.value()
      #expect(error == .closed)
    }
  }

  @Test func receive_whenTheLastSenderCommitsAndLeavesWhileItWaits_getsTheRecordFirst() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return try await rx.takeAll()
      }
      var tx = ends.sender
      await settle()
      try tx.trySend(record(7))
      tx.close()
      try await expect(receiving.value() == [record(7)])
    }
  }

  @Test func receive_whenAThreadCommitsAndLeavesAtAnyMoment_getsTheRecordThenClosed() throws {
    let right = try onRuntime {
      var right = 0
      for round in 0..<500 {
        let ends = SPSCBytes.channel(capacity: 64)
        let sender = Handover(ends.sender)
        var rx = ends.receiver
        let thread = Worker {
          var tx = sender.take()
          try tx.sendBlocking(record(round))
        }
        if try await rx.takeAll() == [record(round)] { right += 1 }
        try thread.join()
      }
      return right
    }
    #expect(right == 500)
  }

  @Test func claims_whenTheReceiverLeavesWhileTasksAndThreadsWait_areAllClosed() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    var first = ends.sender
    let receiver = Handover(ends.receiver)
    _ = first.fill()
    let signals = first.signals
    let threads = (0..<4).map { _ in
      let sender = Handover(first.clone())
      return Worker { () -> BytesClaimError? in
        var tx = sender.take()
        do throws(BytesClaimError) { try tx.sendBlocking(record(1)) } catch { return error }
        return nil
      }
    }
    let prototype = Handover(first)
    let closed = try onRuntime {
      let first = prototype.take()
      var tasks = HandleList<Bool>()
      for size in 1...12 {
        tasks.append(
          spawnBoxed(first.clone()) { tx in
            var tx = tx
            return await tx.claimError(size) == .closed
          })
      }
      while signals.queued < 16 { try await sleep(for: .microseconds(100)) }
      receiver.take().close()
      return try await tasks.values()
    }
    #expect(closed == Array(repeating: true, count: 12))
    for thread in threads { #expect(try thread.join() == .closed) }
    #expect(signals.queued == 0)
  }

  @Test func claim_whenTheReceiverIsGoneBeforeIt_isClosed_fromTasksAndThreads() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    ends.receiver.close()
    #expect(throws: BytesClaimError.closed) { try tx.sendBlocking(record(1)) }
    let sender = Handover(tx)
    let error = try onRuntime {
      var tx = sender.take()
      return await tx.claimError(8)
    }
    #expect(error == .closed)
  }

  @Test func commit_whenTheReceiverLeftDuringTheClaim_isHarmless() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    let receiver = Handover(ends.receiver)
    do {
      let claim = try tx.tryClaim(8)
      receiver.take().close()
      claim.commit()
    }
    expect(tx.refusal(8) == .closed)
  }

  @Test func runtimeEnd_whenATaskWaitsInReceive_closesTheChannel() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    let receiver = Handover(ends.receiver)
    let signals = tx.signals
    try onRuntime {
      spawnBoxed(receiver.take()) { rx in
        var rx = rx
        _ = await rx.receiveError()
      }
      await settle()
    }
    #expect(!signals.isReceiverWaiting)
    #expect(throws: BytesClaimError.closed) { try tx.sendBlocking(record(1)) }
  }

  @Test func runtimeEnd_whenATaskWaitsInClaim_closesTheChannelAfterTheRest() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var rx = ends.receiver
    let sender = Handover(ends.sender)
    try onRuntime {
      var tx = sender.take()
      _ = tx.fill()
      spawnBoxed(tx) { tx in
        var tx = tx
        try await tx.send(record(9))
      }
      await settle()
    }
    for number in 0..<4 { #expect(try rx.tryTake() == record(number)) }
    #expect(throws: ReceiveError.closed) { try rx.tryTake() }
  }

  @Test func channels_whenTheirEndsAreGone_keepNothingAlive() throws {
    weak var signals: BytesSignals?
    do {
      let ends = MPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      signals = tx.signals
      _ = tx.fill()
      let other = tx.clone()
      tx.close()
      ends.receiver.close()
      #expect(signals != nil)
      other.close()
    }
    #expect(signals == nil)
  }
}
