// Threads and runtimes on both sides of one channel: every value arrives once and in its sender's order, or comes back to
// its sender, whatever deadlines and cancellations do. NEXUS_SOAK=1 makes it fifty times as many.

import Foundation
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

/// What a receiver got: of each sender the numbers must rise; sums tell whether all arrived once.
private struct Tally: Sendable {
  var last: [Int]
  var counts: [Int]
  var sums: [Int]
  var isInOrder = true

  init(senders: Int) {
    last = Array(repeating: -1, count: senders)
    counts = Array(repeating: 0, count: senders)
    sums = counts
  }

  mutating func add(_ value: Int) {
    let (sender, number) = (value >> 40, value & (1 << 40 - 1))
    if number <= last[sender] { isInOrder = false }
    last[sender] = number
    counts[sender] += 1
    sums[sender] += number
  }
}

private let mixes: [(Kind, Int, Int, Int)] = [
  (.spsc, 1, 1, 1), (.spsc, 64, 1, 1), (.mpsc, 1, 4, 1), (.mpsc, 3, 3, 1), (.mpsc, 256, 4, 1),
  (.mpmc, 0, 3, 3),
  (.mpmc, 1, 4, 3), (.mpmc, 16, 3, 3), (.mpmc, .max, 2, 3),
]

@Suite(.serialized) struct ChannelStressTests {
  @Test(arguments: mixes.indices) func values_betweenThreadsAndTasks_arriveOnceAndInOrder(_ mix: Int) throws {
    let (kind, capacity, senders, receivers) = mixes[mix]
    let seed = freshSeed()
    let count = scaled(6_000)
    let (tx, rx) = kind.make(Int.self, capacity)
    var sending: [Worker<(Int, Int)>] = []
    for name in 0..<senders {
      let own = name == senders - 1 ? tx : tx.clone()
      // Every other one is a thread.
      let isThread = (UInt64(name) &+ seed) % 2 == 0
      sending.append(
        isThread
          ? Worker { send(own, name, count, seed) }
          : runtimeThread { await sendFromTasks(own, name, count, seed) })
    }
    var receiving: [Worker<Tally>] = []
    for name in 0..<receivers {
      let own = name == receivers - 1 ? rx : rx.clone()
      let isThread = (UInt64(name) &+ seed / 2) % 2 == 0
      receiving.append(
        isThread
          ? Worker { receive(own, senders, SeededGenerator(seed: seed &+ UInt64(name))) }
          : runtimeThread { await receiveInTasks(own, senders, SeededGenerator(seed: seed &+ UInt64(name))) })
    }
    let sent = try sending.map { try $0.join() }
    let tallies = try receiving.map { try $0.join() }
    expect(tallies.allSatisfy { $0.isInOrder }, "seed \(seed)")
    for sender in 0..<senders {
      let counts = tallies.map { $0.counts[sender] }.reduce(0, +)
      let sums = tallies.map { $0.sums[sender] }.reduce(0, +)
      #expect(counts == sent[sender].0 && sums == sent[sender].1, "seed \(seed), sender \(sender)")
    }
  }

  // Linearisable: what nobody else can take is found right after its send; and room right after a receive.
  @Test(arguments: Kind.threaded) func attempts_afterOnesOwn_seeTheirEffect(kind: Kind) throws {
    let workers = (0..<2).map { _ in
      Worker {
        var wrong = 0
        for round in 0..<scaled(5_000) {
          let (tx, rx) = kind.make(Int.self, 1 + round % 3)
          if tx.trySend(round) != nil { wrong += 1 }
          if rx.count != 1 { wrong += 1 }
          if rx.tryReceive() != .success(round) { wrong += 1 }
          if rx.tryReceive() != nil { wrong += 1 }
        }
        return wrong
      }
    }
    for worker in workers { #expect(try worker.join() == 0) }
    // As many in the channel as there are takers: each send is followed by a receive that finds something.
    guard kind == .mpmc else { return }
    let (tx, rx) = kind.make(Int.self, 4)
    let takers = (0..<4).map { _ in
      let (tx, rx) = (tx.clone(), rx.clone())
      return Worker {
        var wrong = 0
        for round in 0..<scaled(5_000) {
          if tx.trySend(round) != nil { wrong += 1 }
          if rx.tryReceive()?.value == nil { wrong += 1 }
        }
        return wrong
      }
    }
    for taker in takers { #expect(try taker.join() == 0) }
  }

  // Catalogue 10, 15 and 16: the receiver leaves while threads send: every instance goes once, no sender hangs.
  @Test(arguments: Kind.threaded) func receiver_thatLeavesWhileOthersSend_leavesNothingBehind(kind: Kind)
    throws
  {
    for round in 0..<scaled(150) {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 1 + round % 4)
      let senders = (0..<(kind == .spsc ? 1 : 3)).map { name in
        let own = kind == .spsc ? tx : tx.clone()
        return round % 2 == 0
          ? Worker { () -> Int in
            var sent = 0
            while own.sendBlocking(Tracked(name, alive)) == nil { sent += 1 }
            own.drop()
            return sent
          }
          : runtimeThread { () -> Int in
            var sent = 0
            while await own.send(Tracked(name, alive)) == nil { sent += 1 }
            own.drop()
            return sent
          }
      }
      var received = 0
      for _ in 0..<round % 23 where rx.receiveBlocking().value != nil { received += 1 }
      rx.drop()
      let sent = try senders.map { try $0.join() }.reduce(0, +)
      #expect(sent >= received, "round \(round)")
      tx.drop()
      #expect(alive.now == 0, "round \(round)")
    }
  }
}

// MARK: Parts

/// Returns how many values were sent and their sum.
private func send(_ tx: AnySender<Int>, _ name: Int, _ count: Int, _ seed: UInt64) -> (Int, Int) {
  var generator = SeededGenerator(seed: seed &* 3 &+ UInt64(name))
  var (sent, sum) = (0, 0)
  var number = 0
  while number < count {
    let value = name << 40 | number
    let isSent =
      switch generator.below(64) {
      case 0: tx.sendBlocking(value, until: .after(.microseconds(generator.below(30)))) == nil
      case 1: tx.trySend(value) == nil
      case 2: tx.reserveBlocking { value } == .sent
      default: tx.sendBlocking(value) == nil
      }
    if isSent { (sent, sum) = (sent + 1, sum + number) }
    number += 1
  }
  tx.drop()
  return (sent, sum)
}

private nonisolated(nonsending) func sendFromTasks(
  _ tx: AnySender<Int>, _ name: Int, _ count: Int, _ seed: UInt64
) async -> (Int, Int) {
  var generator = SeededGenerator(seed: seed &* 5 &+ UInt64(name))
  var (sent, sum) = (0, 0)
  var number = 0
  while number < count {
    let value = name << 40 | number
    var isSent: Bool
    switch generator.below(64) {
    case 0: isSent = await tx.send(value, until: .after(.microseconds(generator.below(30)))) == nil
    case 1:
      // In a task that is cancelled some time.
      let sending = spawnBoxed { await tx.send(value) == nil }
      for _ in 0..<generator.below(8) { await yield() }
      sending.cancel()
      isSent = (try? await sending.value()) ?? false
    case 2: isSent = await tx.reserve { value } == .sent
    default: isSent = await tx.send(value) == nil
    }
    if isSent { (sent, sum) = (sent + 1, sum + number) }
    number += 1
  }
  tx.drop()
  return (sent, sum)
}

private func receive(_ rx: AnyReceiver<Int>, _ senders: Int, _ seeded: SeededGenerator) -> Tally {
  var generator = seeded
  var tally = Tally(senders: senders)
  while true {
    let until: Deadline? = generator.below(64) == 0 ? .after(.microseconds(generator.below(30))) : nil
    switch rx.receiveBlocking(until: until) {
    case .success(let value): tally.add(value)
    case .failure(.timedOut): continue
    case .failure: return tally
    }
  }
}

private nonisolated(nonsending) func receiveInTasks(
  _ rx: AnyReceiver<Int>, _ senders: Int, _ seeded: SeededGenerator
) async -> Tally {
  var generator = seeded
  var tally = Tally(senders: senders)
  while true {
    var result: Result<Int, ReceiveError>
    switch generator.below(64) {
    case 0: result = await rx.receive(until: .after(.microseconds(generator.below(30))))
    case 1:
      let receiving = spawnBoxed { await rx.receive() }
      for _ in 0..<generator.below(8) { await yield() }
      receiving.cancel()
      result = (try? await receiving.value()) ?? .failure(.cancelled)
    case 2:
      var batch: [Int] = []
      let count = await rx.receive(into: &batch, atMost: 5)
      for value in batch { tally.add(value) }
      if count.error == .closed { return tally }
      continue
    default: result = await rx.receive()
    }
    if let value = result.value { tally.add(value) }
    if result.error == .closed { return tally }
  }
}
