// The two times of a loop, moments as numbers, and the runtime's time as one of Swift's clocks.

import CNexus
@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct TimeClockTests {
  @Test func loopTime_isTheSameInATurn_andNewInTheNext() async throws {
    try await inTask {
      let turn = runtimeCounters().turns
      let first = loopTime()
      spinFor(.microseconds(200))
      expect(runtimeCounters().turns == turn && loopTime() == first)
      expect(Deadline.now.nanoseconds - first.nanoseconds >= 200_000)
      // As many entries as a turn has, and one more.
      for _ in 0...64 { await yield() }
      expect(loopTime().nanoseconds >= first.nanoseconds + 200_000)
      expect(loopTime() <= .now)
    }
  }

  @Test func loopTime_afterAPark_isThatOfTheWake() async throws {
    try await inTask {
      let before = loopTime()
      try await sleep(for: .milliseconds(3))
      expect(loopTime().nanoseconds >= before.nanoseconds + 3_000_000)
      expect(loopTime() <= .now)
    }
  }

  @Test func loopTime_inTheNextBlockOn_isNotThatOfTheLast() async throws {
    try await inRuntime { runtime in
      let last = try runtime.blockOn { loopTime().nanoseconds }
      spinFor(.microseconds(200))
      let next = try runtime.blockOn { loopTime().nanoseconds }
      expect(next - last >= 200_000)
    }
  }

  @Test func loopTime_neverGoesBack() async throws {
    try await inTask {
      var last = loopTime()
      for round in 0..<2_000 {
        if round % 100 == 0 { try await sleep(for: .microseconds(10)) } else { await yield() }
        let time = loopTime()
        expect(time >= last)
        last = time
      }
    }
  }

  @Test func moments_areCountedInNanoseconds_andKeptInRange() {
    let moment = Deadline(nanoseconds: 1_000)
    #expect(moment.advanced(by: .nanoseconds(5)).nanoseconds == 1_005)
    #expect(moment.advanced(by: .nanoseconds(-5)).nanoseconds == 995)
    #expect(moment.advanced(by: Duration(secondsComponent: 0, attosecondsComponent: 1)).nanoseconds == 1_001)
    #expect(moment.advanced(by: Duration(secondsComponent: 0, attosecondsComponent: -1)).nanoseconds == 1_000)
    #expect(moment.advanced(by: .seconds(-1)).nanoseconds == 0)
    #expect(moment.advanced(by: .seconds(Int64.min)).nanoseconds == 0)
    #expect(Deadline(nanoseconds: .max).advanced(by: .seconds(Int64.max)).nanoseconds == .max)
    #expect(moment.duration(to: Deadline(nanoseconds: 1_500)) == .nanoseconds(500))
    #expect(moment.duration(to: Deadline(nanoseconds: 400)) == .nanoseconds(-600))
    #expect(moment.duration(to: Deadline(nanoseconds: .max)) == .nanoseconds(Int64.max))
  }

  @Test func runtimeClock_sleepsInOurTimers_alsoInGenericCode() throws {
    let runtime = try TestRuntime()
    let log = Shared<[String]>([])
    runtime.spawn {
      try await Task.sleep(for: .seconds(10), clock: RuntimeClock())
      log.value.append("sleep \(RuntimeClock().now.nanoseconds)")
      log.value.append("generic \(try await measured(RuntimeClock(), .seconds(20)))")
      try await RuntimeClock().sleep(until: Deadline(nanoseconds: 60_000_000_000))
      log.value.append("until \(RuntimeClock().now.nanoseconds)")
    }
    runtime.advance(by: .seconds(9))
    #expect(log.value == [] && runtime.timerCount == 1)
    runtime.advance(by: .seconds(51))
    #expect(log.value == ["sleep 10000000000", "generic 20.0 seconds", "until 60000000000"])
  }

  @Test func runtimeClock_whenItsTaskIsCancelled_throws() throws {
    let runtime = try TestRuntime()
    let handle = runtime.spawn { try await Task.sleep(for: .seconds(10), clock: RuntimeClock()) }
    runtime.runUntilIdle()
    handle.cancel()
    runtime.runUntilIdle()
    #expect(runtime.timerCount == 0 && runtime.taskCount == 0)
    let result = runtime.result(of: handle)
    #expect(throws: CancellationError.self) { try result.get() }
  }

  @Test func runtimeClock_outsideARuntime_sleepsAllTheSame() async throws {
    let clock = RuntimeClock()
    let start = clock.now
    try await clock.sleep(until: start.advanced(by: .milliseconds(2)))
    #expect(start.duration(to: clock.now) >= .milliseconds(2))
    #expect(clock.minimumResolution == .nanoseconds(1))
    let task = Task { try await clock.sleep(until: clock.now.advanced(by: .seconds(1_000))) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func manyTimersThatAreDueTogether_letOthersRunBetween() throws {
    let runtime = try TestRuntime()
    let fired = Shared(0)
    for _ in 0..<10_000 {
      runtime.spawn {
        try await sleep(until: Deadline(nanoseconds: 1_000))
        fired.value += 1
      }
    }
    runtime.runUntilIdle()
    #expect(runtime.timerCount == 10_000)
    runtime.advance(by: .microseconds(1))
    #expect(fired.value == 10_000 && runtime.timerCount == 0)
  }
}

private func measured<C: Clock>(_ clock: C, _ duration: C.Duration) async throws -> C.Duration {
  try await clock.measure { try await clock.sleep(for: duration) }
}

private func spinFor(_ duration: Duration) {
  let end = ContinuousClock.now + duration
  while ContinuousClock.now < end {}
}
