// A handle that is dropped lets its task run on; whoever comes last, handle or task, drops the result, once.

import NexusRT
import Testing

@Suite struct DetachTests {
  @Test func body_whenHandleIsDropped_stillRuns_andItsResultDies() async throws {
    let lives = Lives()
    try await inTask {
      let hasRun = Shared(false)
      do {
        _ = spawnBoxed {
          await yield()
          hasRun.value = true
          return Tracked(lives)
        }
      }
      expect(!hasRun.value)
      while !hasRun.value { await yield() }
      await yield()
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func result_whenHandleIsDroppedAfterTheEnd_diesThen() async throws {
    let lives = Lives()
    try await inTask {
      do {
        let handle = spawnBoxed { Tracked(lives) }
        await yield()
        expect(handle.isFinished)
        expectEqual(lives.alive, 1)
      }
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func result_whenTaken_isNotDroppedAgain() async throws {
    let lives = Lives()
    try await inTask {
      let tracked = try await spawnBoxed { Tracked(lives) }.value()
      await yield()
      withExtendedLifetime(tracked) { expectEqual(lives.alive, 1) }
    }
    #expect(lives.made == 1 && lives.alive == 0)
  }

  @Test func error_whenNobodyJoins_dies() async throws {
    let lives = Lives()
    try await inTask {
      spawnBoxed { throw TrackedError(tracked: Tracked(lives)) }
      await yield()
      await yield()
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func captures_dieWhenTheBodyEnds_notWithTheHandle() async throws {
    let lives = Lives()
    try await inTask {
      let handle = spawn(capturing: Tracked(lives))
      expectEqual(lives.alive, 1)
      await yield()
      await yield()
      expect(handle.isFinished)
      expectEqual(lives.alive, 0)
    }
  }

  @Test func result_whoseDeinitSpawns_isDroppedSafely() async throws {
    let ran = Lives()
    try await inTask {
      for _ in 1...100 { spawnBoxed { SpawnsWhenItDies(ran) } }
      while ran.made < 100 { await yield() }
    }
    #expect(ran.made == 100)
  }

  @Test func everything_whenManyTasksEndInEveryWay_diesOnce() async throws {
    let lives = Lives()
    try await inTask {
      var random = SeededGenerator(seed: 11)
      for _ in 1...2_000 {
        let choice = Int.random(in: 0..<6, using: &random)
        let handle = spawnBoxed(Unique(lives)) { unique in
          if choice & 1 == 1 { await yield() }
          if choice == 4 { throw TrackedError(tracked: Tracked(lives)) }
          _ = consume unique
          return Tracked(lives)
        }
        if choice == 2 { await yield() }
        if choice == 3 { handle.cancel() }
        if choice >= 4 { _ = try? await handle.value() }
      }
      // Those that were spawned last are still to end.
      for _ in 1...3 { await yield() }
      expectEqual(lives.alive, 0)
    }
    #expect(lives.made == 4_000)
  }
}

/// A function of its own, so that the closure is the only owner.
private func spawn(capturing tracked: Tracked) -> JoinHandle<Void> {
  spawnBoxed {
    await yield()
    withExtendedLifetime(tracked) {}
  }
}

private struct TrackedError: Error {
  nonisolated(unsafe) let tracked: Tracked
}

private final class SpawnsWhenItDies {
  private let ran: Lives
  init(_ ran: Lives) { self.ran = ran }
  deinit {
    let ran = ran
    spawnBoxed { ran.add() }
  }
}
