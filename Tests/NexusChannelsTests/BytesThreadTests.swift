// Plain threads as senders: they park while there is no room and are woken when there is, or when nobody reads any more;
// on a runtime's thread that would stop all of its tasks, so there it ends the process.

import Foundation
import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesThreadTests {
  @Test func claimBlocking_whenTheRingIsFull_parks_andGoesOnWhenRoomIsGivenBack() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    let signals = tx.signals
    let count = tx.fill()
    let sender = Handover(tx)
    let thread = Worker {
      var tx = sender.take()
      for number in count..<count + 100 { try tx.sendBlocking(record(number)) }
    }
    while signals.queued == 0 { sched_yield() }
    for number in 0..<count + 100 {
      var taken = try rx.tryTake()
      while taken == nil {
        sched_yield()
        taken = try rx.tryTake()
      }
      #expect(taken == record(number))
    }
    try thread.join()
  }

  @Test func claimBlocking_whenTheFutexWakesForNoReason_keepsWaiting() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    let signals = tx.signals
    let count = tx.fill()
    let sender = Handover(tx)
    let thread = Worker {
      var tx = sender.take()
      try tx.sendBlocking(record(count))
    }
    while signals.queued == 0 { sched_yield() }
    // Called although there is no room: it looks, finds none, and parks again.
    for _ in 0..<1_000 { signals.firstSender.ringAnyway() }
    #expect(signals.queued == 1)
    for number in 0..<count { #expect(try rx.tryTake() == record(number)) }
    try thread.join()
    #expect(try rx.tryTake() == record(count))
    #expect(signals.queued == 0)
  }

  @Test func claimBlocking_whenTooLarge_saysTheLimit_alsoWhileOthersWait() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    _ = tx.fill()
    let signals = tx.signals
    let other = Handover(tx.clone())
    let thread = Worker { () -> BytesClaimError? in
      var tx = other.take()
      do throws(BytesClaimError) { try tx.sendBlocking(record(1)) } catch { return error }
      return nil
    }
    while signals.queued == 0 { sched_yield() }
    #expect(throws: BytesClaimError.tooLarge(limit: 24)) { try tx.sendBlocking(record(0, count: 25)) }
    ends.receiver.close()
    #expect(try thread.join() == .closed)
  }

  @Test func claimBlocking_whenOnARuntimesThreadAndTheRingIsFull_traps_andSaysWhatToDo() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try onRuntime {
        let ends = SPSCBytes.channel(capacity: 64)
        var tx = ends.sender
        _ = tx.fill()
        _ = try? tx.claimBlocking(8)
        ends.receiver.close()
      }
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("await claim there"))
  }

  @Test func claim_ofZeroBytes_traps_alsoBehindWaitingSenders() async {
    await #expect(processExitsWith: .failure) {
      try onRuntime {
        let ends = MPSCBytes.channel(capacity: 64)
        var tx = ends.sender
        _ = tx.fill()
        spawnBoxed(tx.clone()) { tx in
          var tx = tx
          try await tx.send(record(1))
        }
        await settle()
        _ = await tx.claimError(0)
        ends.receiver.close()
      }
    }
  }

  @Test func receiver_whenMovedBetweenRuntimes_receivesOnInOrder() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    let sender = Handover(ends.sender)
    let thread = Worker {
      var tx = sender.take()
      for number in 0..<600 { try tx.sendBlocking(record(number)) }
    }
    var receiver = Handover(ends.receiver)
    var numbers: [Int] = []
    for _ in 0..<6 {
      let current = receiver
      let next = Slot()
      numbers += try onRuntime {
        var rx = current.take()
        var numbers: [Int] = []
        for _ in 0..<100 { numbers.append(origin(of: try await rx.take()).number) }
        next.receiver = consume rx
        return numbers
      }
      receiver = Handover(next.receiver.take()!)
    }
    try thread.join()
    #expect(numbers == Array(0..<600))
  }
}

private final class Slot: @unchecked Sendable {
  var receiver: BytesReceiver?
}
