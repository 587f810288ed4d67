// Cancelling a task: a mark it can read, and the end of whatever it waits for. Never the end of its body.

import NexusRT
import Testing

@Suite struct CancelTests {
  @Test func cancel_beforeTheStart_startsTheTaskCancelled() async throws {
    try await inTask {
      let handle = spawnBoxed { Task.isCancelled }
      handle.cancel()
      expect(try await handle.value())
    }
  }

  @Test func cancel_beforeTheStart_onAReusedResident_isSeen_andDoesNotStick() async throws {
    try await inTask {
      try await spawnBoxed {}.value()
      let handle = spawnBoxed { Task.isCancelled }
      handle.cancel()
      expect(try await handle.value())
      for _ in 1...10 { expect(try await !spawnBoxed { Task.isCancelled }.value()) }
    }
  }

  @Test func cancel_whileSleeping_endsTheSleep() async throws {
    try await inTask {
      let handle = spawnBoxed { try await sleep(for: .seconds(1_000)) }
      await yield()
      handle.cancel()
      do {
        try await handle.value()
        expect(false, "the sleep ended well")
      } catch { expect(error is CancellationError) }
    }
  }

  @Test func cancel_whileWaiting_endsTheWait() async throws {
    try await inTask {
      let handle = spawnBoxed { await Wait(for: "test").suspend() }
      await yield()
      handle.cancel()
      expect(try await !handle.value())
    }
  }

  @Test func cancel_afterTheEnd_doesNothing() async throws {
    try await inTask {
      let handle = spawnBoxed { 3 }
      await yield()
      handle.cancel()
      handle.cancel()
      expectEqual(try await handle.value(), 3)
      expect(try await !spawnBoxed { Task.isCancelled }.value())
    }
  }

  @Test func cancel_twice_isOne() async throws {
    try await inTask {
      let handle = spawnBoxed {
        do { try await sleep(for: .seconds(1_000)) } catch {}
        // The second cancellation must not end a wait that has not to do with it: it is cancelled from the start.
        await yield()
        return Task.isCancelled
      }
      await yield()
      handle.cancel()
      handle.cancel()
      expect(try await handle.value())
    }
  }

  @Test func cancel_ofATaskInYield_letsItRunOn() async throws {
    try await inTask {
      let handle = spawnBoxed {
        var turns = 0
        while !Task.isCancelled {
          await yield()
          turns += 1
        }
        for _ in 1...5 { await yield() }
        return turns
      }
      for _ in 1...10 { await yield() }
      handle.cancel()
      expect(try await handle.value() >= 5)
    }
  }

  @Test func join_whenTheWaiterIsCancelled_throws_andTheTaskRunsOn() async throws {
    try await inTask {
      let isDone = Shared(false)
      let inner = spawnBoxed {
        for _ in 1...20 { await yield() }
        expect(!Task.isCancelled)
        isDone.value = true
      }
      let waiter = spawnBoxed(inner) { inner in try await inner.value() }
      await yield()
      waiter.cancel()
      do {
        try await waiter.value()
        expect(false, "the waiter was not cancelled")
      } catch { expect(error is CancellationError) }
      expect(!isDone.value)
      while !isDone.value { await yield() }
    }
  }

  @Test func join_whenTheWaiterWasCancelledBefore_throws_butTakesAResultThatIsThere() async throws {
    try await inTask {
      let waiter = spawnBoxed {
        expect(Task.isCancelled)
        let ready = spawnBoxed { 1 }
        await yield()
        expectEqual(try await ready.value(), 1)
        let late = spawnBoxed { 2 }
        return try await late.value()
      }
      waiter.cancel()
      do {
        _ = try await waiter.value()
        expect(false, "the waiter was not cancelled")
      } catch { expect(error is CancellationError) }
    }
  }

  @Test func cancel_reachesChildTasks() async throws {
    try await inTask {
      let handle = spawnBoxed {
        async let first: Void = sleep(for: .seconds(1_000))
        async let second = { await Wait(for: "test").suspend() }()
        let wasWoken = await second
        do {
          try await first
          return false
        } catch { return !wasWoken }
      }
      for _ in 1...5 { await yield() }
      handle.cancel()
      expect(try await handle.value())
    }
  }

  @Test func isCancelled_whenATaskIsReplaced_isNotInherited() async throws {
    try await inTask {
      for _ in 1...200 {
        let cancelled = spawnBoxed { await yield() }
        let other = spawnBoxed { () -> Bool in
          await yield()
          return Task.isCancelled
        }
        cancelled.cancel()
        expect(try await !other.value())
      }
    }
  }
}
