// No wake is lost: tiny rings, so that both sides wait all the time, and pauses at random, so that they meet in every phase of
// going to sleep. A wake that is lost hangs the test, and `Worker.join` ends it. NEXUS_SOAK=1 sends fifty times as much.

import Foundation
import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesLostWakeTests {
  @Test(arguments: 0..<6) func threadToTask_onTinyRings_losesNothing(round: Int) throws {
    let setup = Setup(round, records: scaled(8_000))
    let ends = SPSCBytes.channel(capacity: setup.capacity)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let thread = Worker {
      var tx = sender.take()
      var pause = Pauses(setup.seed)
      for number in 0..<setup.records {
        pause.now()
        try tx.sendBlocking(setup.record(number))
      }
    }
    let wrong = try onRuntime { () -> Int? in
      var rx = receiver.take()
      return await setup.firstWrong(in: &rx)
    }
    try thread.join()
    #expect(wrong == nil, "\(setup)")
  }

  @Test(arguments: 0..<6) func taskToTask_ofTwoRuntimes_onTinyRings_losesNothing(round: Int) throws {
    let setup = Setup(round, records: scaled(8_000))
    let ends = SPSCBytes.channel(capacity: setup.capacity)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let sending = runtimeThread {
      var tx = sender.take()
      var pause = Pauses(setup.seed)
      for number in 0..<setup.records {
        pause.now()
        try await tx.send(setup.record(number))
      }
    }
    let wrong = try onRuntime { () -> Int? in
      var rx = receiver.take()
      return await setup.firstWrong(in: &rx)
    }
    try sending.join()
    #expect(wrong == nil, "\(setup)")
  }

  @Test(arguments: 0..<3) func taskToThread_onTinyRings_losesNothing(round: Int) throws {
    let setup = Setup(round, records: scaled(8_000))
    let ends = SPSCBytes.channel(capacity: setup.capacity)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let receiving = Worker { () -> Int? in
      var rx = receiver.take()
      var pause = Pauses(setup.seed &+ 1)
      for number in 0..<setup.records {
        pause.now()
        if (try? rx.takeBlocking()) != setup.record(number) { return number }
      }
      return nil
    }
    try onRuntime {
      var tx = sender.take()
      for number in 0..<setup.records { try await tx.send(setup.record(number)) }
    }
    #expect(try receiving.join() == nil, "\(setup)")
  }

  /// Threads and tasks of another runtime in one queue, and some that lose patience.
  @Test(arguments: 0..<3) func manySenders_onTinyRings_loseNothing(round: Int) throws {
    let setup = Setup(round, records: scaled(300))
    let ends = MPSCBytes.channel(capacity: setup.capacity)
    let first = ends.sender
    let signals = first.signals
    let receiver = Handover(ends.receiver)
    let threads = (0..<4).map { name in
      let sender = Handover(first.clone())
      return Worker {
        var tx = sender.take()
        var pause = Pauses(setup.seed &+ UInt64(name))
        for number in 0..<setup.records {
          pause.now()
          while true {
            let patience: Deadline? = name == 0 ? .after(.microseconds(30)) : nil
            do throws(BytesClaimError) {
              try tx.sendBlocking(setup.record(number, from: name), until: patience)
              break
            } catch { if error != .timedOut { throw error } }
          }
        }
      }
    }
    let sender = Handover(first)
    let tasks = runtimeThread {
      let first = sender.take()
      var sending = HandleList<Void>()
      for name in 4..<8 {
        sending.append(
          spawnBoxed(first.clone()) { tx in
            var tx = tx
            for number in 0..<setup.records { try await tx.send(setup.record(number, from: name)) }
          })
      }
      first.close()
      _ = try await sending.values()
    }
    let counts = try onRuntime { () -> [Int] in
      var rx = receiver.take()
      var counts = [Int](repeating: 0, count: 8)
      while let bytes = try await rx.takeNext() {
        let sender = origin(of: bytes).sender
        guard bytes == setup.record(counts[sender], from: sender) else { return counts }
        counts[sender] += 1
      }
      return counts
    }
    for thread in threads { try thread.join() }
    try tasks.join()
    #expect(counts == Array(repeating: setup.records, count: 8), "\(setup)")
    #expect(signals.queued == 0)
  }
}

/// What a round sends, from its seed.
private struct Setup: Sendable, CustomStringConvertible {
  let seed: UInt64
  let capacity: Int
  let records: Int

  init(_ round: Int, records: Int) {
    seed = freshSeed() &+ UInt64(round)
    var generator = SeededGenerator(seed: seed)
    capacity = 64 << generator.below(4)
    self.records = records
  }

  var description: String { "seed \(seed), a ring of \(capacity) bytes" }

  func record(_ number: Int, from sender: Int = 0) -> [UInt8] {
    NexusChannelsTests.record(
      number, from: sender, count: size(seed, number, from: sender, atMost: min(capacity / 2 - 8, 48)))
  }

  /// The number of the first record that is not as sent; nil if all are.
  nonisolated(nonsending) func firstWrong(in receiver: inout BytesReceiver) async -> Int? {
    var pause = Pauses(seed &+ 1)
    for number in 0..<records {
      pause.now()
      if (try? await receiver.take()) != record(number) { return number }
    }
    return await receiver.receiveError() == .closed ? nil : records
  }
}

/// Pauses of different lengths at random: none, as a rule; or about as long as the other side looks before it sleeps.
private struct Pauses {
  var generator: SeededGenerator
  init(_ seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func now() {
    switch generator.below(200) {
    case 0: sched_yield()
    case 1: usleep(UInt32(generator.below(60)))
    case 2...5:
      for _ in 0..<generator.below(60) {
        var spin = Spin()
        _ = spin.pause()
      }
    default: break
    }
  }
}
