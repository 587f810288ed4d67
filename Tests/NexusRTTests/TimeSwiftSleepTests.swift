// What Task.sleep of Swift's own clocks does in a task of a runtime: by default it waits outside and comes back as another
// thread's wake; with the package trait ExperimentalScheduling it waits in our timers.

@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct TimeSwiftSleepTests {
  #if ExperimentalScheduling

    @Test func taskSleep_waitsInOurTimers() throws {
      let runtime = try TestRuntime()
      let log = Shared<[String]>([])
      runtime.spawn {
        try await Task.sleep(for: .seconds(3_600))
        log.value.append("for \((Deadline.now.nanoseconds + 500_000_000) / 1_000_000_000)")
        try await Task.sleep(nanoseconds: 10_000_000_000)
        log.value.append("nanoseconds \(Deadline.now.nanoseconds / 1_000_000_000)")
        try await Task.sleep(for: .seconds(90), clock: .suspending)
        log.value.append("suspending \(Deadline.now.nanoseconds / 1_000_000_000)")
      }
      runtime.advance(by: .seconds(3_599))
      #expect(log.value == [] && runtime.timerCount == 1)
      for _ in 1...200 { runtime.advance(by: .seconds(1)) }
      #expect(log.value.count == 3)
      #expect(log.value.first == "for 3600")
      #expect(runtime.counters.foreignWakes == 0)
    }

    @Test func taskSleep_whenCancelled_endsAtOnce_andItsJobWithTheRuntime() throws {
      let runtime = try TestRuntime()
      let handle = runtime.spawn { try await Task.sleep(for: .seconds(3_600)) }
      runtime.runUntilIdle()
      handle.cancel()
      runtime.runUntilIdle()
      let result = runtime.result(of: handle)
      #expect(throws: CancellationError.self) { try result.get() }
      // The Swift runtime takes no job back.
      #expect(runtime.timerCount == 1 && runtime.now.nanoseconds == 0)
    }

    @Test func taskSleep_ofChildTasks_staysOnOurThread() async throws {
      try await inTask {
        let home = thisThread()
        let before = runtimeCounters().foreignWakes
        await withTaskGroup(of: Void.self) { group in
          for number in 1...20 {
            group.addTask {
              try? await Task.sleep(for: .microseconds(number * 100))
              expectEqual(thisThread(), home)
            }
          }
        }
        expectEqual(runtimeCounters().foreignWakes, before)
      }
    }

  #else

    @Test func taskSleep_isNoTimerOfOurs_andComesBackAsAForeignWake() async throws {
      try await inTask {
        let home = thisThread()
        let before = runtimeCounters().foreignWakes
        let sleeper = spawnBoxed {
          try await Task.sleep(for: .milliseconds(20))
          expectEqual(thisThread(), home)
        }
        await yield()
        await yield()
        expectEqual(liveTimers(), 0)
        try await sleeper.value()
        expect(runtimeCounters().foreignWakes > before)
      }
    }

    @Test func taskSleep_isNotCutShort_byATimeLimit() async throws {
      try await inTask {
        let start = ContinuousClock.now
        do {
          try await withTimeout(.microseconds(10)) { try await Task.sleep(for: .milliseconds(20)) }
        } catch { expect(error is TimeoutError) }
        expect(ContinuousClock.now - start >= .milliseconds(20))
      }
    }

  #endif
}
