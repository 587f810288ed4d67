// A plain thread that receives: it parks while there is nothing, and is woken by tasks and threads alike.

import Foundation
import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesThreadReceiverTests {
  @Test func receiveBlocking_whenATaskSends_isWoken_andGetsAllInOrder() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    let signals = ends.sender.signals
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let thread = Worker { () -> Int in
      var rx = receiver.take()
      return rx.countBlocking()
    }
    try onRuntime {
      var tx = sender.take()
      for number in 0..<300 {
        // Parked, or about to: both are to be woken.
        if number % 3 == 0 { while !signals.isReceiverWaiting { await yield() } }
        if number % 30 == 0 { try await sleep(for: .microseconds(300)) }
        try await tx.send(record(number))
      }
    }
    #expect(try thread.join() == 300)
  }

  @Test func receiveBlocking_whenAThreadSends_isWoken() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    let signals = ends.sender.signals
    let receiver = Handover(ends.receiver)
    let thread = Worker { () -> Int in
      var rx = receiver.take()
      return rx.countBlocking()
    }
    var tx = ends.sender
    for number in 0..<50 {
      while !signals.isReceiverWaiting { sched_yield() }
      usleep(100)
      try tx.sendBlocking(record(number))
    }
    tx.close()
    #expect(try thread.join() == 50)
  }

  @Test func receiveBlocking_whenTheLastSenderLeavesWhileItIsParked_isClosed() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    let signals = ends.sender.signals
    let receiver = Handover(ends.receiver)
    let thread = Worker { () -> ReceiveError? in
      var rx = receiver.take()
      return rx.batchBlockingError()
    }
    let other = ends.sender.clone()
    while !signals.isReceiverWaiting { sched_yield() }
    ends.sender.close()
    usleep(1_000)
    other.close()
    #expect(try thread.join() == .closed)
  }

  @Test func receiveBatchBlocking_givesWhatIsThere_andItsRoomBack() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    let count = tx.fill()
    var batch = try rx.receiveBatchBlocking()
    var numbers: [Int] = []
    while let bytes = batch.next() { numbers.append(origin(of: contents(bytes)).number) }
    #expect(numbers == Array(0..<count))
    expect(tx.refusal(8) == .full)
    _ = consume batch
    expect(tx.refusal(8) == nil)
    expect(rx.isEmpty)
  }

  @Test func receiveBlocking_whenOnARuntimesThread_givesWhatIsThere_andTrapsIfItMustWait() async throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      try tx.trySend(record(1))
      #expect(try rx.takeBlocking() == record(1))
    }
    await #expect(processExitsWith: .failure) {
      try onRuntime {
        let ends = SPSCBytes.channel(capacity: 64)
        var rx = ends.receiver
        _ = try? rx.takeBlocking()
        ends.sender.close()
      }
    }
  }

  @Test func runtimeAndThread_whenTheyAnswerEachOther_neverSleepOnBoth() throws {
    let there = SPSCBytes.channel(capacity: 64)
    let back = SPSCBytes.channel(capacity: 64)
    let rounds = scaled(2_000)
    let thereReceiver = Handover(there.receiver)
    let backSender = Handover(back.sender)
    let thread = Worker {
      var rx = thereReceiver.take()
      var tx = backSender.take()
      for _ in 0..<rounds { try tx.sendBlocking(try rx.takeBlocking()) }
    }
    let thereSender = Handover(there.sender)
    let backReceiver = Handover(back.receiver)
    try onRuntime {
      var tx = thereSender.take()
      var rx = backReceiver.take()
      for number in 0..<rounds {
        try await tx.send(record(number))
        try await expect(rx.take() == record(number))
      }
    }
    try thread.join()
  }
}
