// The typed channels as plain queues, and as blocking channels of threads. Each test is a process of its own in which there
// is no runtime: what it shows does not lean on one.

import CNexus
import Foundation
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct QueueParityTests {
  // MARK: Queues

  @Test func queue_holdsExactlyItsCapacity_andGivesBackWhatIsTooMuch() async {
    await #expect(processExitsWith: .success) {
      for capacity in [1, 2, 5, 8, 63] {
        exercise(SPSC.channel(of: Int.self, capacity: capacity), capacity)
        exercise(MPSC.channel(of: Int.self, capacity: capacity), capacity)
        exercise(MPMC.channel(of: Int.self, capacity: capacity), capacity)
      }
      checkNoRuntime()
    }
  }

  @Test func disconnection_isSeenAtBothEnds_andAfterDraining() async {
    await #expect(processExitsWith: .success) {
      receiverFirst(SPSC.channel(of: Int.self, capacity: 4))
      receiverFirst(MPSC.channel(of: Int.self, capacity: 4))
      receiverFirst(MPMC.channel(of: Int.self, capacity: 4))
      senderFirst(SPSC.channel(of: Int.self, capacity: 4))
      senderFirst(MPSC.channel(of: Int.self, capacity: 4))
      senderFirst(MPMC.channel(of: Int.self, capacity: 4))

      // The last of several, and not one of them.
      let many = MPSC.channel(of: Int.self, capacity: 1)
      let tx = many.sender
      var rx = many.receiver
      let clone = tx.clone()
      drop(tx)
      check(pop(&rx) == .empty, "a sender is left")
      drop(clone)
      check(pop(&rx) == .closed, "the last one is gone")
      checkNoRuntime()
    }
  }

  @Test func valuesLeftInAQueue_goWithIt_once() async {
    await #expect(processExitsWith: .success) {
      let alive = Instances()
      for senderFirst in [true, false] {
        leave(SPSC.channel(of: Tracked.self, capacity: 5), alive, senderFirst: senderFirst)
        leave(MPSC.channel(of: Tracked.self, capacity: 5), alive, senderFirst: senderFirst)
        leave(MPMC.channel(of: Tracked.self, capacity: 5), alive, senderFirst: senderFirst)
      }
      check(alive.ended == 24, "each has gone once")
      checkNoRuntime()
    }
  }

  @Test func spsc_betweenTwoThreads_keepsTheOrder() async {
    await #expect(processExitsWith: .success) {
      for capacity in [1, 7, 1_024] {
        let ends = SPSC.channel(of: Int.self, capacity: capacity)
        let producer = startThread(ends.sender) { tx in
          var tx = tx
          for number in 0..<scaled(20_000) { pushUntilDone(&tx, number) }
        }
        var rx = ends.receiver
        check(popAll(&rx) == Array(0..<scaled(20_000)), "each value once, in order")
        producer.join()
      }
      checkNoRuntime()
    }
  }

  @Test func mpsc_fromManyThreads_keepsTheOrderOfEach() async {
    await #expect(processExitsWith: .success) {
      for capacity in [1, 7, 1_024] {
        let ends = MPSC.channel(of: Int.self, capacity: capacity)
        let sender = ends.sender
        for producer in 0..<4 {
          startThread(sender.clone()) { tx in
            var tx = tx
            for number in 0..<scaled(5_000) { pushUntilDone(&tx, producer << 32 | number) }
          }
        }
        sender.close()
        var rx = ends.receiver
        checkEachOnce(popAll(&rx), producers: 4, each: scaled(5_000))
      }
      checkNoRuntime()
    }
  }

  @Test func spmc_isMPMCWithOneSender_eachValueGoesToOneConsumer() async {
    await #expect(processExitsWith: .success) {
      for capacity in [1, 7, 1_024] {
        let ends = MPMC.channel(of: Int.self, capacity: capacity)
        let receiver = ends.receiver
        let first = startConsumer(receiver.clone())
        let second = startConsumer(receiver.clone())
        let third = startConsumer(receiver)
        var tx = ends.sender
        for number in 0..<scaled(20_000) { pushUntilDone(&tx, number) }
        drop(tx)
        let taken = [first.join(), second.join(), third.join()]
        for values in taken { check(values == values.sorted(), "each consumer sees the order") }
        check(taken.joined().sorted() == Array(0..<scaled(20_000)), "each value once")
      }
      checkNoRuntime()
    }
  }

  @Test func mpmc_ofManyThreads_losesNothing() async {
    await #expect(processExitsWith: .success) {
      let ends = MPMC.channel(of: Int.self, capacity: 5)
      let sender = ends.sender
      let receiver = ends.receiver
      for producer in 0..<3 {
        startThread(sender.clone()) { tx in
          var tx = tx
          for number in 0..<scaled(5_000) { pushUntilDone(&tx, producer << 32 | number) }
        }
      }
      // Dropped and not closed: `close` would end the channel for all.
      drop(sender)
      let first = startConsumer(receiver.clone())
      let second = startConsumer(receiver)
      let taken = [first.join(), second.join()]
      for values in taken {
        for producer in 0..<3 {
          let own = values.filter { $0 >> 32 == producer }
          check(own == own.sorted(), "each consumer sees each producer's order")
        }
      }
      check(
        taken.joined().sorted()
          == (0..<3).flatMap { producer in (0..<scaled(5_000)).map { producer << 32 | $0 } },
        "each value once")
      checkNoRuntime()
    }
  }

  /// What the tests above and below ask is worth something only if a runtime shows.
  @Test func runtime_inTheProcess_isSeen() async {
    await #expect(processExitsWith: .success) {
      checkNoRuntime()
      _ = try onRuntime { 1 }
      check(unsafe nexus_mailboxes_get(0) != nil, "seen")
    }
  }

  // MARK: The blocking channel

  @Test func blockingEnds_onThreads_park_andAreWoken() async {
    await #expect(processExitsWith: .success) {
      for kind in Kind.threaded {
        let (tx, rx) = kind.make(Int.self, 1)
        // A receiver that sleeps, told by a value.
        let receiving = Worker { rx.receiveBlocking() }
        while rx.waiting == 0 { usleep(100) }
        check(tx.sendBlocking(1) == nil, "room")
        check((try? receiving.join()) == .success(1), "\(kind): woken with the value")
        // A sender that sleeps, told by room.
        check(tx.sendBlocking(2) == nil, "room")
        let sending = Worker { tx.sendBlocking(3) }
        while tx.waiting == 0 { usleep(100) }
        check(rx.receiveBlocking() == .success(2), "first")
        check((try? sending.join()) == .some(nil), "\(kind): sent")
        check(rx.receiveBlocking() == .success(3), "second")
      }
      checkNoRuntime()
    }
  }

  @Test func blockingEnds_ofTwoThreads_answerEachOther() async {
    await #expect(processExitsWith: .success) {
      for kind in Kind.threaded {
        let (tx, rx) = kind.make(Int.self, 1)
        let (backTx, backRx) = kind.make(Int.self, 1)
        let echo = Worker {
          while let value = rx.receiveBlocking().value { check(backTx.sendBlocking(-value) == nil, "open") }
          backTx.drop()
        }
        for number in 1...scaled(2_000) {
          check(tx.sendBlocking(number) == nil, "open")
          check(backRx.receiveBlocking() == .success(-number), "\(kind): the answer")
        }
        tx.drop()
        check(backRx.receiveBlocking() == .failure(.closed), "\(kind): the end comes back")
        check((try? echo.join()) != nil, "echo")
      }
      checkNoRuntime()
    }
  }

  @Test func blockingEnds_timeOut_andGoOn() async {
    await #expect(processExitsWith: .success) {
      for kind in Kind.threaded {
        let (tx, rx) = kind.make(Int.self, 1)
        var limit = Deadline.after(.milliseconds(20))
        check(rx.receiveBlocking(until: limit) == .failure(.timedOut), "\(kind): nothing came")
        check(Deadline.now >= limit, "\(kind): not early")
        check(tx.sendBlocking(1, until: .now) == nil, "\(kind): room needs no time")
        limit = .after(.milliseconds(20))
        check(tx.sendBlocking(2, until: limit) == .timedOut(2), "\(kind): the value comes back")
        check(Deadline.now >= limit, "\(kind): not early")
        // Neither left anything behind.
        check(rx.receiveBlocking(until: .now) == .success(1), "\(kind): the one that was sent")
        check(rx.receiveBlocking(until: .now) == .failure(.timedOut), "\(kind): and no other")
        check(tx.sendBlocking(3) == nil && rx.receiveBlocking() == .success(3), "\(kind): as before")
      }
      checkNoRuntime()
    }
  }

  @Test func blockingEnds_seeTheOtherGo() async {
    await #expect(processExitsWith: .success) {
      for kind in Kind.threaded {
        // What was sent is received after its sender is gone, and then the end.
        var (tx, rx) = kind.make(Int.self, 3)
        for number in 0..<3 { check(tx.sendBlocking(number) == nil, "room") }
        tx.drop()
        for number in 0..<3 { check(rx.receiveBlocking() == .success(number), "\(kind): drained") }
        check(rx.receiveBlocking() == .failure(.closed), "\(kind): closed")
        // A receiver that sleeps when the sender goes.
        (tx, rx) = kind.make(Int.self, 1)
        let receiving = Worker { [rx] in rx.receiveBlocking() }
        while rx.waiting == 0 { usleep(100) }
        tx.drop()
        check((try? receiving.join()) == .failure(.closed), "\(kind): told")
        // A sender that sleeps when the receiver goes.
        (tx, rx) = kind.make(Int.self, 1)
        check(tx.sendBlocking(0) == nil, "room")
        let sending = Worker { [tx] in tx.sendBlocking(1) }
        while tx.waiting == 0 { usleep(100) }
        rx.drop()
        check((try? sending.join()) == .closed(1), "\(kind): told, with its value")
      }
      checkNoRuntime()
    }
  }
}

// MARK: In those processes

private func exercise<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
  _ ends: consuming ChannelEnds<Tx, Rx>, _ capacity: Int
) where Tx.Element == Int, Rx.Element == Int {
  var tx = ends.sender
  var rx = ends.receiver
  check(tx.capacity == capacity && rx.capacity == capacity, "no rounding up")
  check(pop(&rx) == .empty, "empty at first")
  // More rounds than places, from every offset.
  for round in 0..<20 {
    for number in 0..<capacity { check(push(&tx, round * 100 + number) == nil, "room for \(number)") }
    check(push(&tx, -1) == .full(-1), "full gives the value back")
    check(tx.count == capacity && rx.count == capacity, "count")
    let part = round % capacity
    for number in 0..<part { check(pop(&rx) == .value(round * 100 + number), "first in, first out") }
    for number in 0..<part { check(push(&tx, round * 100 + capacity + number) == nil, "room again") }
    check(push(&tx, -2) == .full(-2), "full again")
    for number in part..<capacity + part {
      check(pop(&rx) == .value(round * 100 + number), "first in, first out")
    }
    check(pop(&rx) == .empty && rx.isEmpty, "drained")
  }
}

private func receiverFirst<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
  _ ends: consuming ChannelEnds<Tx, Rx>
) where Tx.Element == Int, Rx.Element == Int {
  var tx = ends.sender
  let rx = ends.receiver
  check(push(&tx, 1) == nil && !tx.isClosed && !rx.isClosed, "open")
  drop(rx)
  check(tx.isClosed && push(&tx, 2) == .closed(2), "the sender sees it, and has its value back")
}

private func senderFirst<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
  _ ends: consuming ChannelEnds<Tx, Rx>
) where Tx.Element == Int, Rx.Element == Int {
  var tx = ends.sender
  var rx = ends.receiver
  for number in 0..<3 { check(push(&tx, number) == nil, "room") }
  check(pop(&rx) == .value(0), "first")
  drop(tx)
  check(rx.isClosed, "seen at once")
  check(pop(&rx) == .value(1) && pop(&rx) == .value(2), "what was pushed is popped")
  check(pop(&rx) == .closed && pop(&rx) == .closed, "closed once it is drained")
}

private func leave<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
  _ ends: consuming ChannelEnds<Tx, Rx>, _ alive: Instances, senderFirst: Bool
) where Tx.Element == Tracked, Rx.Element == Tracked {
  var tx = ends.sender
  var rx = ends.receiver
  for number in 0..<4 { check((try? tx.trySend(Tracked(number, alive))) != nil, "room") }
  check((try? rx.tryReceive())??.number == 0, "first")
  check(alive.now == 3, "three are left")
  if senderFirst {
    drop(tx)
    drop(rx)
  } else {
    drop(rx)
    drop(tx)
  }
  check(alive.now == 0, "none is left")
}

/// Ends the process with what was expected, if it is not so: in such a process an `#expect` would tell nobody.
private func check(_ condition: Bool, _ what: String, line: Int = #line) {
  if !condition { fatalError("QueueParityTests.swift:\(line): \(what)") }
}

/// There has never been a runtime in this process: the first one makes the first mailbox, which stays for ever.
private func checkNoRuntime(line: Int = #line) {
  check(unsafe nexus_mailboxes_get(0) == nil, "no runtime", line: line)
}

private enum Popped: Equatable {
  case value(Int)
  case empty
  case closed
}

/// `trySend`, with its error as a value.
private func push<Tx: ChannelSender & ~Copyable>(_ tx: inout Tx, _ value: Int) -> SendError<Int>?
where Tx.Element == Int {
  do throws(SendError<Int>) { try tx.trySend(value) } catch { return error }
  return nil
}

/// `tryReceive`, with its error as a value.
private func pop<Rx: ChannelReceiver & ~Copyable>(_ rx: inout Rx) -> Popped where Rx.Element == Int {
  do throws(ReceiveError) {
    guard let value = try rx.tryReceive() else { return .empty }
    return .value(value)
  } catch {
    check(error == .closed, "\(error)")
    return .closed
  }
}

private func pushUntilDone<Tx: ChannelSender & ~Copyable>(_ tx: inout Tx, _ value: Int)
where Tx.Element == Int {
  while let error = push(&tx, value) {
    check(error == .full(value), "\(error)")
    sched_yield()
  }
}

/// Everything until the queue is closed.
private func popAll<Rx: ChannelReceiver & ~Copyable>(_ rx: inout Rx) -> [Int] where Rx.Element == Int {
  var values: [Int] = []
  while true {
    switch pop(&rx) {
    case .value(let value): values.append(value)
    case .empty: sched_yield()
    case .closed: return values
    }
  }
}

private func startConsumer(_ rx: consuming MPMC.Receiver<Int>) -> ThreadHandle<[Int], Never> {
  startThread(rx) { rx in
    var rx = rx
    return popAll(&rx)
  }
}

private func checkEachOnce(_ values: [Int], producers: Int, each: Int) {
  check(values.count == producers * each, "as many values as were sent")
  for producer in 0..<producers {
    check(values.filter { $0 >> 32 == producer }.map { $0 & 0xFFFF_FFFF } == Array(0..<each), "in order")
  }
}
