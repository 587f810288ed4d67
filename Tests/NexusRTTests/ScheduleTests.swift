// The stepping mode: the same seed gives the same interleaving, different seeds different ones, and what is promised
// holds in each.

@testable import NexusRT
import Testing

@Suite struct ScheduleTests {
  @Test func sameSeed_givesTheSameInterleaving() async throws {
    for seed in UInt64(1)...5 {
      let first = try await trace(.random(seed: seed))
      let second = try await trace(.random(seed: seed))
      #expect(first == second)
      #expect(first.hash != 0)
    }
  }

  @Test func otherSeeds_giveOtherInterleavings() async throws {
    var hashes: Set<UInt64> = []
    var orders: Set<[Int]> = []
    for seed in UInt64(1)...20 {
      let trace = try await trace(.random(seed: seed))
      hashes.insert(trace.hash)
      orders.insert(trace.order)
    }
    #expect(hashes.count == 20)
    #expect(orders.count > 15)
  }

  @Test func firstInFirstOut_isTheDefault_andKeepsNoHash() async throws {
    #expect(Configuration().schedule == .firstInFirstOut)
    let trace = try await trace(.firstInFirstOut)
    #expect(trace.hash == 0)
    #expect(trace.order == (1...5).flatMap { _ in Array(0..<8) })
  }

  @Test func waits_areEndedForNoReason_butOperationsAreNot() async throws {
    try await inTask(.random(seed: 2)) {
      let spurious = Shared(0)
      let isDone = Shared(false)
      let pipe = Pipe()
      let input = Kept(File(borrowing: pipe.input.descriptor))
      let waiter = spawnBoxed {
        while !isDone.value { if await Wait(for: "test").suspend() { spurious.value += 1 } }
      }
      let reader = spawnBoxed {
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        return try await input.value!.read(into: &bytes)
      }
      for _ in 1...2_000 { await yield() }
      expect(spurious.value > 0)
      expect(!reader.isFinished)
      let one = IOBuffer(count: 1)
      _ = try await pipe.output.write(one.bytes)
      expectEqual(try await reader.value(), 1)
      isDone.value = true
      waiter.cancel()
      try await waiter.value()
    }
  }

  /// Everything at once, under many seeds: what ends, ends as it must.
  @Test(arguments: Array(UInt64(1)...40)) func anySchedule_keepsWhatIsPromised(seed: UInt64) async throws {
    let lives = Lives()
    try await inTask(.random(seed: seed)) {
      var random = SeededGenerator(seed: seed)
      var handles: [Kept<JoinHandle<Int>>] = []
      for number in 0..<20 {
        let steps = Int.random(in: 0..<6, using: &random)
        handles.append(
          Kept(
            spawnBoxed(Unique(lives, number)) { unique in
              for _ in 0..<steps { await yield() }
              let sum = try await join({ 1 }, { try await spawnBoxed { 2 }.value() })
              let winner = try await race(
                { 1 },
                {
                  try await sleep(for: .seconds(1_000))
                  return 2
                })
              expectEqual(winner, 1)
              do {
                try await withTimeout(.microseconds(number)) { try await sleep(for: .seconds(1_000)) }
                expect(false, "the sleep ended well")
              } catch { expect(error is TimeoutError) }
              async let child = { () async throws -> Int in
                await yield()
                try await sleep(for: .nanoseconds(1))
                return 3
              }()
              return try await child + sum.0 + sum.1 + unique.number
            }))
      }
      let cancelled = spawnBoxed { try await sleep(for: .seconds(1_000)) }
      for _ in 1...Int.random(in: 1...30, using: &random) { await yield() }
      cancelled.cancel()
      do { try await cancelled.value() } catch { expect(error is CancellationError) }
      for number in 0..<20 { expectEqual(try await handles[number].take().value(), number + 6) }
      expect(lives.made == 20 && lives.alive == 0)
    }
  }

  @Test(arguments: Array(UInt64(1)...20)) func handOver_betweenTasks_losesNothing(seed: UInt64) async throws {
    try await inTask(.random(seed: seed)) {
      let queue = Shared<[Int]>([])
      let waiter = Shared(WakeToken.none)
      var producers: [Kept<JoinHandle<Void>>] = []
      for first in 0..<4 {
        producers.append(
          Kept(
            spawnBoxed {
              for number in 0..<25 {
                queue.value.append(first * 25 + number)
                waiter.value.wake()
                if number % 3 == 0 { await yield() }
              }
            }))
      }
      var received: Set<Int> = []
      while received.count < 100 {
        let wait = Wait(for: "test")
        waiter.value = wait.token
        if queue.value.isEmpty { _ = await wait.suspend() } else { wait.giveUp() }
        received.formUnion(queue.value)
        queue.value.removeAll()
      }
      for producer in producers { try await producer.take().value() }
    }
  }

  @Test func tasks_thatOutliveABlockOn_goOnInTheNext_andEndWithTheRuntime() async throws {
    let lives = Lives()
    try await inRuntime(.with(.random(seed: 11))) { runtime in
      let count = Kept(0)
      try runtime.blockOn {
        for number in 0..<20 {
          spawnBoxed(Unique(lives, number)) { unique in
            for _ in 0..<unique.number { await yield() }
            count.value! += 1
            try await sleep(for: .seconds(1_000))
          }
        }
      }
      try runtime.blockOn { while count.value! < 20 { await yield() } }
    }
    #expect(lives.made == 20 && lives.alive == 0)
  }

  private struct Trace: Equatable {
    var order: [Int] = []
    var hash: UInt64 = 0
  }

  /// Eight tasks that note their turns, with joins, waits, cancellations and child tasks between.
  private func trace(_ schedule: Schedule) async throws -> Trace {
    try await inTask(.with(schedule)) {
      let order = Shared<[Int]>([])
      var handles: [Kept<JoinHandle<Void>>] = []
      for number in 0..<8 {
        handles.append(
          Kept(
            spawnBoxed {
              for _ in 1...5 {
                order.value.append(number)
                await yield()
              }
              async let child: Void = yield()
              await child
              _ = try await join({ await yield() }, { await yield() })
            }))
      }
      let cancelled = spawnBoxed { await Wait(for: "test").suspend() }
      for handle in handles { try await handle.take().value() }
      cancelled.cancel()
      _ = try await cancelled.value()
      return Trace(order: order.value, hash: runtimeCounters().scheduleHash)
    }
  }
}

extension Configuration {
  fileprivate static func with(_ schedule: Schedule) -> Configuration {
    var configuration = Configuration.patient
    configuration.schedule = schedule
    return configuration
  }
}

/// As `inTask`, with a schedule.
private func inTask<Value: Sendable>(
  _ schedule: Schedule, _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await inTask(.with(schedule), body)
}
