// Time limits: what they end, and what is thrown.

@testable import NexusRT
import Testing

@Suite struct TimeoutTests {
  @Test func timeout_whileSleeping_endsTheSleep_andThrowsTimeoutError() async throws {
    try await inTask {
      let start = Deadline.now
      await expectTimeout {
        try await withTimeout(.milliseconds(5)) { try await sleep(for: .seconds(1_000)) }
      }
      expect(Deadline.now.nanoseconds - start.nanoseconds >= 5_000_000)
      expect(!Task.isCancelled && !isCancelled())
      expectEqual(liveTimers(), 0)
      try await sleep(for: .microseconds(1))
    }
  }

  @Test func timeout_whenTheBodyIsInTime_givesItsValue_andLeavesNoTimer() async throws {
    try await inTask {
      let value = try await withTimeout(.seconds(1_000)) {
        await yield()
        return 5
      }
      expectEqual(value, 5)
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func timeout_whenTheBodyThrowsInTime_givesItsError() async throws {
    try await inTask {
      do {
        try await withTimeout(.seconds(1_000)) { throw TestError(number: 4) }
      } catch { expectEqual(error as? TestError, TestError(number: 4)) }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func timeout_whenTheBodySucceedsAllTheSame_givesItsValue() async throws {
    let lives = Lives()
    try await inTask {
      let unique = try await withTimeout(.microseconds(100)) {
        try? await sleep(for: .seconds(1_000))
        return Unique(lives, 9)
      }
      expect(unique.number == 9 && lives.alive == 1)
    }
    #expect(lives.made == 1 && lives.alive == 0)
  }

  @Test func timeout_whenTheBodyThrowsAnythingAfterIt_givesTimeoutError() async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.microseconds(100)) {
          try? await sleep(for: .seconds(1_000))
          throw TestError()
        }
      }
    }
  }

  @Test func timeout_endsEveryLaterWaitInside_andNoneOutside() async throws {
    try await inTask {
      try await withTimeout(.microseconds(100)) {
        do { try await sleep(for: .seconds(1_000)) } catch { expect(isCancelled() && !Task.isCancelled) }
        for _ in 1...10 {
          do {
            try await sleep(for: .seconds(1_000))
            expect(false, "a sleep inside ended well")
          } catch {}
          expect(await !Wait(for: "test").suspend())
          let handle = spawnBoxed { try await sleep(for: .microseconds(10)) }
          do {
            try await handle.value()
            expect(false, "a join inside ended well")
          } catch { expect(error is CancellationError) }
        }
      }
      expect(!isCancelled())
      try await sleep(for: .microseconds(10))
      try await spawnBoxed { await yield() }.value()
    }
  }

  @Test(arguments: [0, -1, Int64.min]) func timeout_ofNothing_orLess_startsWithItsTimeUp(
    nanoseconds: Int64
  ) async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.nanoseconds(nanoseconds)) {
          expect(isCancelled())
          try await sleep(for: .seconds(1_000))
        }
      }
      expectEqual(try await withTimeout(.nanoseconds(nanoseconds)) { 3 }, 3)
      await expectTimeout { try await withDeadline(.now) { try await sleep(for: .seconds(1_000)) } }
    }
  }

  @Test func timeout_whenHuge_doesNotEnd() async throws {
    try await inTask {
      for duration in [Duration.seconds(Int64.max), .seconds(1 << 40)] {
        try await withTimeout(duration) { try await sleep(for: .microseconds(10)) }
      }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func timeout_ofABodyThatIgnoresIt_waitsForTheBody() async throws {
    try await inTask {
      let turns = try await withTimeout(.microseconds(1)) {
        for _ in 1...1_000 { await yield() }
        expect(isCancelled())
        return 1_000
      }
      expectEqual(turns, 1_000)
    }
  }

  @Test func timeout_ofABodyThatComputes_isSeenByAsking() async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.microseconds(100)) {
          while !isCancelled() { await yield() }
          throw TestError()
        }
      }
    }
  }

  @Test func body_mayUseTheCallersNoncopyableVariable() async throws {
    try await inTask {
      var box = Inbox()
      for number in 1...3 {
        spawnBoxed(box.sender) { sender in
          try await sleep(for: .microseconds(50))
          sender.send(number)
        }
        expectEqual(try await withTimeout(.seconds(1_000)) { try await box.receive() }, number)
      }
      await expectTimeout { _ = try await withTimeout(.milliseconds(1)) { try await box.receive() } }
      box.sender.send(7)
      expectEqual(try await withTimeout(.seconds(1_000)) { try await box.receive() }, 7)
      expectEqual(box.received, 4)
    }
  }

  @Test func taskCancelled_inside_comesOutAsWhatTheBodyThrew() async throws {
    try await inTask {
      let handle = spawnBoxed {
        try await withTimeout(.seconds(1_000)) { try await sleep(for: .seconds(1_000)) }
      }
      await yield()
      handle.cancel()
      do {
        try await handle.value()
        expect(false, "the sleep ended well")
      } catch { expect(error is CancellationError) }
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func taskCancelled_beforeTheTimeIsUp_decides() async throws {
    try await inTask {
      let handle = spawnBoxed {
        try await withTimeout(.milliseconds(1)) {
          try? await sleep(for: .seconds(1_000))
          let end = Deadline.after(.milliseconds(3))
          while !end.isPast { await yield() }
          throw TestError()
        }
      }
      await yield()
      handle.cancel()
      do {
        try await handle.value()
        expect(false, "the body ended well")
      } catch { expect(error is TestError) }
    }
  }

  @Test func residentsThatTimedOut_areUsedAgain_uncancelled() async throws {
    try await inTask {
      for _ in 1...50 {
        let handle = Kept(
          spawnBoxed { try await withTimeout(.zero) { try await sleep(for: .seconds(1)) } })
        await expectTimeout { try await handle.take().value() }
        expect(try await !spawnBoxed { isCancelled() }.value())
      }
    }
  }

  @Test func limit_outsideOfARuntime_isCancelledIsTheTasks() async throws {
    #expect(!isCancelled())
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return isCancelled()
    }
    task.cancel()
    #expect(await task.value)
  }
}
