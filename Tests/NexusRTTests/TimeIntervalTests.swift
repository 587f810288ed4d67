// Intervals: when they tick, to the nanosecond, whatever was missed; and doing something later.

import CAllocationCounter
@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct TimeIntervalTests {
  @Test func interval_whenOnTime_ticksAtMultiplesOfItsPeriod() throws {
    let runtime = try TestRuntime()
    let ticks = Shared<[UInt64]>([])
    runtime.spawn {
      var beat = interval(every: .nanoseconds(700))
      while true {
        let due = try await beat.tick()
        expectEqual(due, .now)
        ticks.value.append(due.nanoseconds)
      }
    }
    runtime.advance(by: .nanoseconds(699))
    #expect(ticks.value == [])
    runtime.advance(by: .nanoseconds(1))
    #expect(ticks.value == [700])
    runtime.advance(by: .nanoseconds(2_800))
    #expect(ticks.value == [700, 1_400, 2_100, 2_800, 3_500])
  }

  @Test func interval_withAStart_ticksThen_orAtOnceIfThatHasPassed() throws {
    let runtime = try TestRuntime(start: Deadline(nanoseconds: 10_000))
    #expect(
      try ticks(runtime, 3, interval(every: .nanoseconds(10), startingAt: .after(.nanoseconds(5)))) == [
        5, 15, 25,
      ])
    let late = interval(
      every: .nanoseconds(10), startingAt: Deadline(nanoseconds: runtime.now.nanoseconds - 5))
    #expect(try ticks(runtime, 3, late) == [0, 5, 15])
  }

  /// A task that is busy for 35 of a period of 10 after its first tick, and then on time.
  @Test(arguments: [
    (MissedTicks.burst, [10, 45, 45, 45, 50, 60], [10, 20, 30, 40, 50, 60]),
    (.skip, [10, 45, 50, 60, 70, 80], [10, 20, 50, 60, 70, 80]),
    (.delay, [10, 45, 55, 65, 75, 85], [10, 20, 55, 65, 75, 85]),
  ]) func missedTicks(policy: MissedTicks, given: [Int], due: [Int]) throws {
    let runtime = try TestRuntime()
    let ticks = Shared<[Int]>([])
    let moments = Shared<[Int]>([])
    try runtime.run {
      var beat = interval(every: .nanoseconds(10), missedTicks: policy)
      for round in 0..<6 {
        ticks.value.append(Int(try await beat.tick().nanoseconds))
        moments.value.append(Int(Deadline.now.nanoseconds))
        if round == 0 { try await sleep(for: .nanoseconds(35)) }
      }
    }
    #expect(moments.value == given)
    #expect(ticks.value == due)
  }

  @Test func tickAfter_isExact_atAnyDistance() {
    let day: UInt64 = 86_400_000_000_000
    #expect(Interval.tick(after: 3, 7, now: 3, .skip) == 10)
    #expect(Interval.tick(after: 3, 7, now: 9, .skip) == 10)
    #expect(Interval.tick(after: 3, 7, now: 10, .skip) == 17)
    #expect(Interval.tick(after: 3, 7, now: 3 + 7 * day, .skip) == 3 + 7 * (day + 1))
    #expect(Interval.tick(after: 3, 7, now: 2 + 7 * day, .skip) == 3 + 7 * day)
    #expect(Interval.tick(after: 3, 7, now: 2 + 7 * day, .delay) == 9 + 7 * day)
    #expect(Interval.tick(after: 3, 7, now: 2 + 7 * day, .burst) == 10)
    for policy in [MissedTicks.burst, .skip, .delay] {
      #expect(Interval.tick(after: .max - 3, 7, now: .max - 1, policy) == .max)
    }
  }

  @Test func tick_whenCancelled_throws_andIsGivenNextTime() throws {
    let runtime = try TestRuntime()
    let handle = runtime.spawn {
      var beat = interval(every: .seconds(1))
      do {
        try await withTimeout(.milliseconds(300)) { _ = try await beat.tick() }
        expect(false, "it ticked")
      } catch { expect(error is TimeoutError) }
      expectEqual(beat.nextTick, Deadline(nanoseconds: 1_000_000_000))
      let due = try await beat.tick()
      expectEqual(due, Deadline(nanoseconds: 1_000_000_000))
      return try await beat.tick()
    }
    runtime.advance(by: .milliseconds(1_500))
    #expect(runtime.timerCount == 1)
    handle.cancel()
    runtime.runUntilIdle()
    #expect(runtime.timerCount == 0 && runtime.taskCount == 0)
    let handleResult = runtime.result(of: handle)
    #expect(throws: CancellationError.self) { try handleResult.get() }
  }

  @Test func reset_startsAnew() throws {
    let runtime = try TestRuntime()
    try runtime.run {
      var beat = interval(every: .nanoseconds(100))
      expectEqual(beat.period, .nanoseconds(100))
      try await sleep(for: .nanoseconds(30))
      beat.reset()
      expectEqual(try await beat.tick().nanoseconds, 130)
      beat.reset(startingAt: Deadline(nanoseconds: 500))
      expectEqual(try await beat.tick().nanoseconds, 500)
      expectEqual(try await beat.tick().nanoseconds, 600)
    }
  }

  /// A burst must not keep the others from running.
  @Test func burst_letsOthersRunBetweenItsTicks() throws {
    let runtime = try TestRuntime()
    let order = Shared<[String]>([])
    runtime.spawn {
      var beat = interval(every: .nanoseconds(1), startingAt: Deadline(nanoseconds: 0))
      for _ in 0..<3 {
        try await beat.tick()
        order.value.append("tick")
      }
    }
    runtime.spawn {
      for _ in 0..<3 {
        order.value.append("other")
        await yield()
      }
    }
    runtime.advance(by: .nanoseconds(2))
    #expect(order.value.contains("tick") && order.value.last == "tick" && order.value.count == 6)
    #expect(order.value.first == "other")
  }

  @Test(.enabled(if: isOptimised && allocation_count_is_available())) func ticks_allocateNothing()
    async throws
  {
    try await inTask {
      var beat = interval(every: .nanoseconds(1), missedTicks: .skip)
      var before: UInt64 = 0
      for round in 1...1_000 {
        if round == 10 { before = allocation_count() }
        try await beat.tick()
      }
      expectEqual(allocation_count() - before, 0)
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func after_waitsFirst_andThenRuns() throws {
    let runtime = try TestRuntime()
    let ran = Shared<[UInt64]>([])
    let first = runtime.spawn { try await after(.seconds(2)) { ran.value.append(Deadline.now.nanoseconds) } }
    let second = runtime.spawn {
      try await after(Deadline(nanoseconds: 1_000_000_000)) { () -> Int in
        ran.value.append(Deadline.now.nanoseconds)
        return 5
      }
    }
    let third = runtime.spawn { try await after(.seconds(1)) { ran.value.append(0) } }
    runtime.runUntilIdle()
    #expect(ran.value == [])
    third.cancel()
    #expect(try runtime.value(of: second) == 5)
    let thirdResult = runtime.result(of: third)
    #expect(throws: CancellationError.self) { try thirdResult.get() }
    try runtime.value(of: first)
    #expect(ran.value == [1_000_000_000, 2_000_000_000])
  }

  @Test func interval_ofNothing_orLess_traps() async {
    let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Interval(every: .zero, startingAt: .now)
    }
    expectSaid(zero, "the period must be longer than zero")
    let less = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Interval(every: .nanoseconds(-1), startingAt: .now)
    }
    expectSaid(less, "the period must be longer than zero")
  }

  /// When an interval ticks, in ns after it was made.
  private func ticks(_ runtime: TestRuntime, _ count: Int, _ beat: consuming Interval) throws
    -> [UInt64]
  {
    let start = runtime.now.nanoseconds
    let kept = Kept(beat)
    return try runtime.run {
      var beat = kept.take()
      var moments: [UInt64] = []
      for _ in 0..<count {
        try await beat.tick()
        moments.append(Deadline.now.nanoseconds - start)
      }
      return moments
    }
  }
}
