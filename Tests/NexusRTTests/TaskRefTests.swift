// Tasks by their numbers: cancelled and asked about, also long after they ended.

@testable import NexusRT
import Testing

@Suite struct TaskRefTests {
  @Test func cancel_byNumber_whileSomebodyElseAwaitsTheHandle() async throws {
    try await inTask {
      let handle = spawnBoxed(name: "sleeper") { try await sleep(for: .seconds(1_000)) }
      let ref = handle.ref
      expectEqual(ref.name, "sleeper")
      spawnBoxed { ref.cancel() }
      do {
        try await handle.value()
        expect(false, "it slept")
      } catch { expect(error is CancellationError) }
      expect(!ref.isAlive && ref.name == nil)
    }
  }

  @Test func staleNumber_doesNothingToTheNextTaskInTheSlot() async throws {
    try await inTask {
      let first = spawnBoxed {}
      let stale = first.ref
      expect(stale.isAlive)
      try await first.value()
      expect(!stale.isAlive)
      for _ in 1...100 {
        let next = spawnBoxed {
          await yield()
          return Task.isCancelled
        }
        expectEqual(next.ref.slot, stale.slot)
        expect(next.ref != stale)
        await yield()
        stale.cancel()
        expectEqual(try await next.value(), false)
      }
    }
  }

  @Test func number_beforeTheTaskStarts_cancelsItFromTheStart() async throws {
    try await inTask {
      let handle = spawnBoxed { Task.isCancelled }
      handle.ref.cancel()
      expectEqual(try await handle.value(), true)
    }
  }

  @Test func numberOfAnotherRuntime_doesNothing() async throws {
    let kept = Kept<TaskRef>()
    try await onThread {
      for round in 0..<2 {
        let runtime = try Runtime()
        try runtime.blockOn {
          let handle = spawnBoxed {
            await yield()
            return Task.isCancelled
          }
          if round == 0 {
            kept.value = handle.ref
          } else {
            expect(!kept.value!.isAlive)
            await yield()
            kept.value!.cancel()
          }
          expectEqual(try await handle.value(), false)
        }
      }
    }
  }

  @Test func taskName_isThatOfTheSpawn_andNoneInChildren() async throws {
    try await inTask {
      expectEqual(taskName(), nil)
      let name = try await spawnBoxed(name: "feed handler") {
        async let child = taskName()
        expectEqual(await child, nil)
        return taskName()
      }.value()
      expectEqual(name, "feed handler")
    }
    #expect(taskName() == nil)
  }
}
