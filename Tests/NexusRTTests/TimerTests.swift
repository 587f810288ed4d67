// Sleeping: to the deadline and not before, in the order of the deadlines, and nothing left behind when cancelled.

@testable import NexusRT
import Testing

@Suite struct TimerTests {
  @Test func sleep_doesNotEndEarly() async throws {
    try await inTask {
      for microseconds in [1, 10, 100, 1_500] {
        let start = ContinuousClock.now
        try await sleep(for: .microseconds(microseconds))
        expect(ContinuousClock.now - start >= .microseconds(microseconds))
      }
    }
  }

  @Test func sleep_ofNothing_orLess_ends_andLetsOthersRun() async throws {
    try await inTask {
      let count = Shared(0)
      spawnBoxed { while count.value < 1_000 { count.value += 1; await yield() } }
      for duration in [Duration.zero, .seconds(-1), .nanoseconds(-1), .seconds(Int64.min)] {
        let before = count.value
        try await sleep(for: duration)
        expect(count.value > before)
      }
      count.value = 1_000
    }
  }

  @Test func sleep_whenHuge_waitsInTheKernel_andCanBeCancelled() async throws {
    try await inTask {
      for duration in [Duration.seconds(Int64.max), .seconds(9_223_372_036), .seconds(1 << 40)] {
        let sleeper = spawnBoxed { try await sleep(for: duration) }
        let before = runtimeCounters().parks
        try await sleep(for: .milliseconds(5))
        let published = PublishedToken()
        let worker = Worker {
          while published.token == .none {}
          usleepBriefly()
          published.token.wake()
        }
        let wait = Wait(for: "test")
        published.publish(wait.token)
        _ = await wait.suspend()
        worker.join()
        expect(!sleeper.isFinished)
        let parks = runtimeCounters().parks - before
        expect(parks < 20, "the loop woke \(parks) times for a sleep that does not end")
        sleeper.cancel()
        do {
          try await sleeper.value()
          expect(false, "the sleep ended well")
        } catch { expect(error is CancellationError) }
        expectEqual(liveTimers(), 0)
      }
    }
  }

  @Test func cancelledSleeps_leaveNothingBehind() async throws {
    try await inTask {
      var random = SeededGenerator(seed: 9)
      var handles: [Kept<JoinHandle<Void>>] = []
      for _ in 1...500 {
        let seconds = Int.random(in: 100...200, using: &random)
        handles.append(Kept(spawnBoxed { try await sleep(for: .seconds(seconds)) }))
      }
      for _ in 1...20 { await yield() }
      expectEqual(liveTimers(), 500)
      handles.shuffle(using: &random)
      for handle in handles[..<250] { handle.value!.cancel() }
      await yield()
      expectEqual(liveTimers(), 250)
      for handle in handles { handle.value!.cancel() }
      for handle in handles { try? await handle.take().value() }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func sleepsOfChildTasks_cancelledByTheirGroup_leaveNothingBehind() async throws {
    try await inTask {
      for _ in 1...20 {
        await withTaskGroup(of: Void.self) { group in
          for number in 1...20 { group.addTask { try? await sleep(for: .seconds(1_000 + number)) } }
          for _ in 1...5 { await yield() }
          expectEqual(liveTimers(), 20)
          group.cancelAll()
        }
        expectEqual(liveTimers(), 0)
      }
    }
  }

  @Test func sleep_whenAlreadyCancelled_throwsAtOnce() async throws {
    try await inTask {
      let handle = spawnBoxed { try await sleep(for: .seconds(1_000)) }
      handle.cancel()
      do {
        try await handle.value()
        expect(false, "the sleep ended well")
      } catch { expect(error is CancellationError) }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func manyTimers_allFire() async throws {
    try await inTask {
      var random = SeededGenerator(seed: 4)
      let fired = Shared(0)
      for _ in 1...20_000 {
        let delay = Int.random(in: 0...20_000, using: &random)
        spawnBoxed {
          try await sleep(for: .microseconds(delay))
          fired.value += 1
        }
      }
      while fired.value < 20_000 { try await sleep(for: .milliseconds(1)) }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func durations_areRoundedUp_andKeptInRange() {
    #expect(Duration.zero.clampedNanoseconds == 0)
    #expect(Duration.nanoseconds(1).clampedNanoseconds == 1)
    #expect(Duration(secondsComponent: 0, attosecondsComponent: 1).clampedNanoseconds == 1)
    #expect(Duration(secondsComponent: 1, attosecondsComponent: 1).clampedNanoseconds == 1_000_000_001)
    #expect(Duration.nanoseconds(-1).clampedNanoseconds == 0)
    #expect(Duration.seconds(Int64.min).clampedNanoseconds == 0)
    #expect(Duration.seconds(Int64.max).clampedNanoseconds == UInt64.max / 2)
  }
}

private func usleepBriefly() {
  let end = ContinuousClock.now + .milliseconds(5); while ContinuousClock.now < end {}
}
