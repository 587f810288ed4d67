// Plain threads at a channel, alone and with tasks on the other side or on the same: they park and are woken; on a
// runtime's thread that would stop all of its tasks, so there it ends the process.

import Foundation
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelThreadTests {
  @Test(arguments: Kind.threaded, [1, 3, 64]) func values_betweenThreads_keepTheirOrder(
    kind: Kind, capacity: Int
  )
    throws
  {
    let (tx, rx) = kind.make(Int.self, capacity)
    let count = scaled(5_000)
    let sending = Worker {
      for number in 0..<count { expect(tx.sendBlocking(number) == nil) }
      tx.drop()
    }
    for number in 0..<count {
      let value = rx.receiveBlocking()
      if value != .success(number) { return expect(false, "\(value) and not \(number)") }
    }
    #expect(rx.receiveBlocking() == .failure(.closed))
    try sending.join()
  }

  @Test(arguments: Kind.threaded, [1, 16]) func values_betweenAThreadAndATask_keepTheirOrder(
    kind: Kind, capacity: Int
  ) throws {
    let count = scaled(5_000)
    let (tx, rx) = kind.make(Int.self, capacity)
    let (backTx, backRx) = kind.make(Int.self, capacity)
    let echoing = runtimeThread {
      while let value = try await rx.next() { expect(await backTx.send(value) == nil) }
      backTx.drop()
    }
    let sending = Worker {
      for number in 0..<count { expect(tx.sendBlocking(number) == nil) }
      tx.drop()
    }
    var wrong = 0
    for number in 0..<count where backRx.receiveBlocking() != .success(number) { wrong += 1 }
    #expect(wrong == 0)
    #expect(backRx.receiveBlocking() == .failure(.closed))
    try echoing.join()
    try sending.join()
  }

  // Catalogue 14: the end comes while a thread is parked for long.
  @Test(arguments: Kind.threaded) func receiveBlocking_whenTheLastSenderGoes_isClosed(kind: Kind) throws {
    let (tx, rx) = kind.make(Int.self, 1)
    let receiving = Worker { rx.receiveBlocking() }
    usleep(3_000)
    tx.drop()
    #expect(try receiving.join() == .failure(.closed))
  }

  // Catalogue 16: a sender that is parked when the receiver goes.
  @Test(arguments: Kind.threaded) func sendBlocking_whenTheReceiverGoes_getsItsValueBack(kind: Kind) throws {
    let (tx, rx) = kind.make(Int.self, 1)
    #expect(tx.trySend(0) == nil)
    let sending = Worker { tx.sendBlocking(1) }
    while tx.waiting == 0 { sched_yield() }
    rx.drop()
    #expect(try sending.join() == .closed(1))
    #expect(tx.waiting == 0)
  }

  @Test(arguments: [Kind.mpsc, .mpmc]) func reserveBlocking_waitsForRoom_andHoldsIt(kind: Kind) throws {
    let (tx, rx) = kind.make(Int.self, 1)
    #expect(tx.trySend(0) == nil)
    let other = tx.clone()
    let reserving = Worker {
      other.reserveBlocking {
        usleep(2_000)
        return 1
      }
    }
    while tx.waiting == 0 { sched_yield() }
    #expect(rx.tryReceive() == .success(0))
    #expect(tx.trySend(2) == .full(2))
    #expect(rx.receiveBlocking() == .success(1))
    #expect(try reserving.join() == .sent)
  }

  // Catalogue 2: threads and tasks wait side by side; whoever leaves takes nobody's turn with it.
  @Test(arguments: [0, 1]) func threadsAndTasks_thatWaitTogether_areServedInTurn(capacity: Int) throws {
    let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
    for _ in 0..<scaled(30) {
      let (one, two, three) = (rx.clone(), rx.clone(), rx.clone())
      let (sender, core) = (tx.clone(), rx)
      try onRuntime {
        let first = spawnBoxed { await one.receive() }
        await settle()
        let thread = Worker { two.receiveBlocking() }
        while core.waiting < 2 { await yield() }
        let third = spawnBoxed { await three.receive() }
        await settle()
        // The first is served and cancelled at once, the third only cancelled: the thread has the second value.
        expect(sender.trySend(1) == nil)
        first.cancel()
        third.cancel()
        expect(sender.trySend(2) == nil)
        try expect(thread.join() == .success(2))
        try await expect(first.value() == .success(1))
        try await expect(third.value() == .failure(.cancelled))
      }
    }
    // And the end reaches a thread behind a task that was cancelled.
    let (one, two) = (rx.clone(), rx.clone())
    try onRuntime {
      let first = spawnBoxed { await one.receive() }
      await settle()
      let thread = Worker { two.receiveBlocking() }
      while rx.waiting < 2 { await yield() }
      first.cancel()
      tx.drop()
      try expect(thread.join() == .failure(.closed))
      _ = try await first.value()
    }
  }

  @Test func blockingForms_onARuntimesThread_trapWhenTheyWouldWait() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try onRuntime {
        let (tx, rx) = Kind.mpsc.make(Int.self, 1)
        expect(tx.sendBlocking(1) == nil)
        expect(rx.receiveBlocking() == .success(1))
        _ = rx.receiveBlocking()
      }
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("receiveBlocking was called on a runtime's thread"))
    await #expect(processExitsWith: .failure) {
      try onRuntime {
        let (tx, rx) = Kind.local.make(Int.self, 1)
        _ = tx.trySend(1)
        _ = tx.sendBlocking(1)
        rx.drop()
      }
    }
  }

  @Test(arguments: Kind.threaded) func ends_movedBetweenRuntimes_goOnInOrder(kind: Kind) throws {
    let (tx, rx) = kind.make(Int.self, 4)
    let sending = Worker { for number in 0..<600 { expect(tx.sendBlocking(number) == nil) } }
    var received: [Int] = []
    for _ in 0..<6 {
      received += try onRuntime {
        var part: [Int] = []
        for _ in 0..<100 { part.append(await rx.receive().value ?? -1) }
        return part
      }
    }
    try sending.join()
    #expect(received == Array(0..<600))
  }
}
