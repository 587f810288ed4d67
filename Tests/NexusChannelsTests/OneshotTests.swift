// One value, one sender, one receiver; whichever comes or goes first.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct OneshotTests {
  @Test func receive_afterSend_givesTheValueAtOnce() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      try ends.sender.send(7)
      let resumes = runtimeCounters().resumes
      let value = try await ends.receiver.receive()
      #expect(value == 7)
      #expect(runtimeCounters().resumes == resumes)
    }
  }

  @Test func send_whileTheReceiverWaits_wakesIt() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: String?.self)
      let receiving = spawnBoxed(ends.receiver) { receiver in try await receiver.receive() }
      await settle()
      expect(!receiving.isFinished)
      try ends.sender.send(nil)
      let value = try await receiving.value()
      #expect(value == nil)
    }
  }

  @Test func send_whenTheReceiverIsGone_givesTheValueBack() throws {
    let population = Population()
    let ends = Oneshot.channel(of: Counted.self)
    ends.receiver.close()
    let sender = ends.sender
    expect(sender.isClosed)
    do throws(SendError<Counted>) {
      try sender.send(Counted(1, in: population))
      Issue.record("sent to nobody")
    } catch {
      guard case .closed(let value) = error else { fatalError("another error") }
      #expect(value.number == 1)
    }
    #expect(population.count == 0)
  }

  @Test func receive_whenTheSenderWasDropped_isClosed() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      drop(ends.sender)
      let receiver = Kept(Optional(ends.receiver))
      #expect(
        await failure { () async throws(ReceiveError) in _ = try await receiver.value.take()!.receive() }
          == .closed)
    }
  }

  // Number 14: the sender must be gone before the waiter looks, or the waiter sleeps on.
  @Test func senderDrop_whileTheReceiverWaits_wakesIt_andItIsClosed() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let receiving = spawnBoxed(ends.receiver) { receiver -> ReceiveError? in
        do throws(ReceiveError) { _ = try await receiver.receive() } catch { return error }
        return nil
      }
      await settle()
      drop(ends.sender)
      let error = try await receiving.value()
      #expect(error == .closed)
    }
  }

  @Test func tryReceive_beforeAndAfterSend_keepsTheReceiver() throws {
    let ends = Oneshot.channel(of: Int.self)
    var receiver = ends.receiver
    expect(try receiver.tryReceive() == nil)
    try ends.sender.send(3)
    expect(try receiver.tryReceive() == 3)
    #expect(throws: ReceiveError.closed) { try receiver.tryReceive() }
  }

  @Test func receive_whenCancelledWhileItWaits_closes_andTheSenderGetsItsValueBack() throws {
    let population = Population()
    try onRuntime {
      let ends = Oneshot.channel(of: Counted.self)
      let receiving = spawnBoxed(ends.receiver) { receiver -> ReceiveError? in
        do throws(ReceiveError) { _ = try await receiver.receive() } catch { return error }
        return nil
      }
      await settle()
      receiving.cancel()
      let error = try await receiving.value()
      #expect(error == .cancelled)
      let sender = Kept(Optional(ends.sender))
      expect(sender.value?.isClosed == true)
      #expect(throws: SendError<Counted>.self) { try sender.value.take()!.send(Counted(1, in: population)) }
    }
    #expect(population.count == 0)
  }

  @Test(arguments: [true, false]) func receive_whenSentAndCancelledInOneTurn_givesTheValue(sentFirst: Bool)
    throws
  {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let receiving = spawnBoxed(ends.receiver) { receiver in try await receiver.receive() }
      await settle()
      // In either order: the send was accepted, so the value is received.
      if !sentFirst { receiving.cancel() }
      try ends.sender.send(5)
      receiving.cancel()
      let value = try await receiving.value()
      #expect(value == 5)
    }
  }

  @Test func receive_inACancelledTask_givesWhatIsThere_andElseIsCancelled() throws {
    try onRuntime {
      let full = Oneshot.channel(of: Int.self)
      let empty = Oneshot.channel(of: Int.self)
      let receiving = spawnBoxed(full.receiver, empty.receiver) { full, empty -> ReceiveError? in
        await settle()
        let value = try await full.receive()
        #expect(value == 1)
        do throws(ReceiveError) { _ = try await empty.receive() } catch { return error }
        return nil
      }
      receiving.cancel()
      try full.sender.send(1)
      let error = try await receiving.value()
      #expect(error == .cancelled)
      expect(empty.sender.isClosed)
    }
  }

  @Test func receive_untilADeadline_timesOut_andCloses() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let receiver = Kept(Optional(ends.receiver))
      #expect(
        await failure { () async throws(ReceiveError) in
          _ = try await receiver.value.take()!.receive(until: .after(.milliseconds(1)))
        } == .timedOut)
      expect(ends.sender.isClosed)
    }
  }

  @Test func receiveBlocking_untilADeadline_timesOut_andCloses() throws {
    let ends = Oneshot.channel(of: Int.self)
    let receiver = Handover(ends.receiver)
    let error = try onThread {
      failureBlocking { () throws(ReceiveError) in
        _ = try receiver.take().receiveBlocking(until: .after(.milliseconds(1)))
      }
    }
    #expect(error == .timedOut)
    expect(ends.sender.isClosed)
  }

  // Number 11: after a wake for no reason the receiver waits with another token, and that is the one to wake.
  @Test func receive_wokenForNoReason_waitsOn_andTheSendWakesItsLastWait() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let receiving = spawnBoxed(ends.receiver) { receiver in
        leaveAWakeBehind()
        return try await receiver.receive()
      }
      await settle()
      expect(!receiving.isFinished)
      try ends.sender.send(1)
      let value = try await receiving.value()
      #expect(value == 1)
    }
  }

  @Test func receive_wokenForNoReason_inACancelledTask_isCancelled() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let task = spawnBoxed(ends.receiver) { receiver -> ReceiveError? in
        await settle()
        leaveAWakeBehind()
        do throws(ReceiveError) { _ = try await receiver.receive() } catch { return error }
        return nil
      }
      task.cancel()
      let error = try await task.value()
      #expect(error == .cancelled)
      expect(ends.sender.isClosed)
    }
  }

  @Test func closed_whenTheReceiverIsDropped_returns() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let waiting = spawnBoxed(ends.sender) { sender in
        var sender = sender
        leaveAWakeBehind()
        try await sender.closed()
        try await sender.closed()
        return sender.isClosed
      }
      await settle()
      expect(!waiting.isFinished)
      ends.receiver.close()
      let isClosed = try await waiting.value()
      #expect(isClosed)
    }
  }

  // Number 10: nothing of a wait that is over stays in the channel.
  @Test func closed_whenCancelled_unregisters_andTheSenderStillSends() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      let block = unsafe UInt(bitPattern: ends.sender.block)
      let waiting = spawnBoxed(ends.sender) { sender in
        var sender = sender
        do throws(WaitError) { try await sender.closed() } catch { #expect(error == .cancelled) }
        let pointer = unsafe UnsafeMutablePointer<OneshotBlock<Int>>(bitPattern: block)!
        unsafe expect(pointer.pointee.closer.load(ordering: .relaxed) == 0)
        try sender.send(9)
      }
      await settle()
      waiting.cancel()
      try await waiting.value()
      let value = try await ends.receiver.receive()
      #expect(value == 9)
    }
  }

  @Test func closed_untilADeadline_timesOut() throws {
    try onRuntime {
      let ends = Oneshot.channel(of: Int.self)
      var sender = ends.sender
      do throws(WaitError) {
        try await sender.closed(until: .after(.milliseconds(1)))
        Issue.record("closed, though there is a receiver")
      } catch { #expect(error == .timedOut) }
      try sender.send(1)
      let value = try await ends.receiver.receive()
      #expect(value == 1)
    }
  }

  @Test func closedBlocking_onAThread_returnsWhenTheReceiverTaskEnds() throws {
    let ends = Oneshot.channel(of: Int.self)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let thread = Worker {
      var sender = sender.take()
      try sender.closedBlocking()
      return sender.isClosed
    }
    try onRuntime {
      let receiver = receiver.take()
      try await sleep(for: .milliseconds(2))
      receiver.close()
    }
    #expect(try thread.join())
  }

  @Test func values_ofChannelsThatAreDropped_areDeinitialised() throws {
    let population = Population()
    do {
      let ends = Oneshot.channel(of: Counted.self)
      try ends.sender.send(Counted(1, in: population))
      #expect(population.count == 1)
      ends.receiver.close()
      #expect(population.count == 0)
    }
    do {
      let ends = Oneshot.channel(of: Counted.self)
      try ends.sender.send(Counted(2, in: population))
      var receiver = ends.receiver
      expect(try receiver.tryReceive()?.number == 2)
      #expect(population.count == 0)
    }
    drop(Oneshot.channel(of: Counted.self))
  }

  @Test func deinit_ofAValue_mayUseAChannelItself() throws {
    let population = Population()
    let inner = Oneshot.channel(of: Int.self)
    let outer = Oneshot.channel(of: Counted.self)
    let sender = Handover(inner.sender)
    try outer.sender.send(Counted(1, in: population) { try? sender.take().send(4) })
    outer.receiver.close()
    var receiver = inner.receiver
    expect(try receiver.tryReceive() == 4)
  }

  @Test func manyChannels_betweenThreadsAndTasks_loseNothing() throws {
    let seed = freshSeed()
    let population = Population()
    let rounds = scaled(2_000)
    let queue = Guarded([OneshotEnd]())
    let sent = Atomic<Int>(0)
    let received = Atomic<Int>(0)
    let thread = Worker {
      var generator = SeededGenerator(seed: seed)
      var done = 0
      while done < rounds {
        guard let end = queue.withLock({ $0.popLast() }) else {
          pause(microseconds: 1)
          continue
        }
        done += 1
        var sender = end.take()
        pause(microseconds: generator.below(4))
        switch generator.below(4) {
        case 0: break
        case 1:
          _ = failureBlocking { () throws(WaitError) in
            try sender.closedBlocking(until: .after(.microseconds(30)))
          }
        default:
          if (try? sender.send(Counted(done, in: population))) != nil { sent.add(1, ordering: .relaxed) }
        }
      }
    }
    try onRuntime {
      var generator = SeededGenerator(seed: seed &+ 1)
      for _ in 0..<rounds {
        let ends = Oneshot.channel(of: Counted.self)
        let end = OneshotEnd(ends.sender)
        queue.withLock { $0.append(end) }
        let choice = generator.below(4)
        let limit = generator.below(10)
        let receiving = spawnBoxed(ends.receiver) { receiver -> Bool in
          if choice == 3 { leaveAWakeBehind() }
          let deadline: Deadline? = choice == 1 ? .after(.microseconds(limit)) : nil
          return (try? await receiver.receive(until: deadline)) != nil
        }
        for _ in 0..<limit { await yield() }
        if choice == 2 { receiving.cancel() }
        if try await receiving.value() { received.add(1, ordering: .relaxed) }
      }
    }
    try thread.join()
    #expect(population.count == 0, "seed \(seed)")
    // What was sent to a receiver that gave up came back, or was received at the last moment.
    #expect(sent.load(ordering: .relaxed) == received.load(ordering: .relaxed), "seed \(seed)")
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func channel_madeAndUsed_allocatesOnce() throws {
    try onRuntime {
      var before: UInt64 = 0
      for number in 0..<2_000 {
        if number == 1_000 { before = allocation_count() }
        let ends = Oneshot.channel(of: Int.self)
        try ends.sender.send(number)
        let value = try await ends.receiver.receive()
        guard value == number else { fatalError("another value") }
      }
      let allocations = allocation_count() - before
      #expect(allocations == 1_000)
    }
  }
}

private final class OneshotEnd: @unchecked Sendable {
  private var sender: Oneshot.Sender<Counted>?
  init(_ sender: consuming Oneshot.Sender<Counted>) { self.sender = consume sender }
  func take() -> Oneshot.Sender<Counted> { sender.take()! }
}
