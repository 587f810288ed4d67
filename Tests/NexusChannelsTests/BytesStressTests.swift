// Cancellation against commits, thousands of times: whatever the moment, each record arrives once and in order, and
// nobody sleeps on. NEXUS_SOAK=1 makes it fifty times as many.

import Foundation
import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesStressTests {
  @Test func receive_whenCancelledWhileAThreadCommits_losesNoRecord() throws {
    let rounds = scaled(3_000)
    let ends = SPSCBytes.channel(capacity: 128)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let thread = Worker {
      var tx = sender.take()
      for number in 0..<rounds {
        try tx.sendBlocking(record(number))
        if number % 3 == 0 { sched_yield() }
      }
    }
    let wrong = try onRuntime { () -> Int? in
      var rx = receiver.take()
      var next = 0
      var isOpen = true
      while isOpen {
        let receiving = spawnBoxed(rx) { rx in
          var rx = rx
          var numbers: [Int] = []
          do throws(ReceiveError) {
            while true { numbers.append(origin(of: try await rx.take()).number) }
          } catch { return Received(numbers: numbers, isOpen: error == .cancelled, receiver: rx) }
        }
        for _ in 0..<next % 5 { await yield() }
        receiving.cancel()
        var received = try await receiving.value()
        for number in received.numbers {
          if number != next { return number }
          next += 1
        }
        isOpen = received.isOpen
        rx = received.takeReceiver()
      }
      return next == rounds ? nil : next
    }
    try thread.join()
    #expect(wrong == nil)
  }

  @Test func claims_whenCancelledWhileAThreadReceives_areSentOrNot_andTheOthersGoOn() throws {
    let seed = freshSeed()
    let rounds = scaled(400)
    let ends = MPSCBytes.channel(capacity: 64)
    let signals = ends.sender.signals
    let blocking = Handover(ends.sender.clone())
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let receiving = runtimeThread {
      var rx = receiver.take()
      return try await rx.takeAll().map { origin(of: $0).number }
    }
    let blocker = Worker {
      var tx = blocking.take()
      for number in 0..<rounds { try tx.sendBlocking(record(number, from: 9)) }
    }
    let sent = try onRuntime {
      var generator = SeededGenerator(seed: seed)
      let first = sender.take()
      var sent = 0
      for _ in 0..<rounds {
        var tasks = HandleList<Bool>()
        for name in 0..<6 {
          let count = 8 + generator.below(17)
          tasks.append(
            spawnBoxed(first.clone()) { tx in
              var tx = tx
              do throws(BytesClaimError) { try await tx.send(record(0, from: name, count: count)) } catch {
                return false
              }
              return true
            })
        }
        for _ in 0..<generator.below(4) { await yield() }
        for index in 0..<6 where generator.below(2) == 0 { tasks.cancel(index) }
        sent += try await tasks.values().count { $0 }
      }
      return sent
    }
    try blocker.join()
    #expect(try receiving.join().count == sent + rounds, "seed \(seed)")
    #expect(signals.queued == 0, "seed \(seed)")
  }
}

private struct Received: ~Copyable {
  let numbers: [Int]
  let isOpen: Bool
  var receiver: BytesReceiver?

  init(numbers: [Int], isOpen: Bool, receiver: consuming BytesReceiver) {
    self.numbers = numbers
    self.isOpen = isOpen
    self.receiver = consume receiver
  }

  mutating func takeReceiver() -> BytesReceiver { receiver.take()! }
}
