// Cancel scopes, nested and by hand, and that they allocate nothing.

import CAllocationCounter
@testable import NexusRT
import Testing

@Suite struct NestedScopeTests {
  @Test func outer_whenItsTimeIsUp_reachesTheInnerBody() async throws {
    try await inTask {
      let insideOut = Shared<[Int]>([])
      await expectTimeout {
        try await withTimeout(.microseconds(200)) {
          do {
            try await withTimeout(.seconds(1_000)) { try await sleep(for: .seconds(1_000)) }
          } catch {
            expect(error is CancellationError)
            insideOut.value.append(1)
            throw error
          }
        }
      }
      expectEqual(insideOut.value, [1])
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func inner_whenItsTimeIsUp_leavesTheOuterBodyAlone() async throws {
    try await inTask {
      try await withTimeout(.seconds(1_000)) {
        for _ in 1...20 {
          await expectTimeout {
            try await withTimeout(.microseconds(20)) { try await sleep(for: .seconds(1_000)) }
          }
          expect(!isCancelled())
          try await sleep(for: .microseconds(1))
        }
      }
    }
  }

  @Test func hundredScopesDeep_theOneInTheMiddleFires_andThoseInsideSeeIt() async throws {
    try await inTask {
      let handle = Shared<CancelScope?>(nil)
      spawnBoxed {
        try await sleep(for: .milliseconds(1))
        handle.value!.cancel()
      }
      let reached = try await nest(0, of: 100, firing: 50, handle)
      expectEqual(reached, 50)
      expectEqual(liveTimers(), 0)
      expect(!isCancelled())
    }
  }

  @Test func hundredTimeLimitsDeep_thatAllEnd_unwind() async throws {
    try await inTask {
      await expectTimeout { try await limits(100) }
      expect(!isCancelled())
      expectEqual(liveTimers(), 0)
      try await sleep(for: .microseconds(1))
    }
  }

  /// Nests `depth` scopes, and returns the number of the outermost one that was cancelled.
  private nonisolated(nonsending) func nest(
    _ level: Int, of depth: Int, firing: Int, _ handle: Shared<CancelScope?>
  ) async throws -> Int {
    if level == depth {
      try? await sleep(for: .seconds(1_000))
      return depth
    }
    return try await withCancelScope { scope in
      if level == firing { handle.value = scope }
      let inner = try await nest(level + 1, of: depth, firing: firing, handle)
      expect(isCancelled() == (level >= firing))
      return isCancelled() ? level : inner
    }
  }

  private nonisolated(nonsending) func limits(_ depth: Int) async throws {
    if depth == 0 { return try await sleep(for: .seconds(1_000)) }
    try await withTimeout(.microseconds(100 + depth * 7 % 50)) { try await limits(depth - 1) }
  }
}

@Suite struct CancelScopeTests {
  @Test func scope_cancelledByAnotherTask_endsTheBodysWait() async throws {
    try await inTask {
      let shared = Shared<CancelScope?>(nil)
      spawnBoxed {
        await yield()
        shared.value!.cancel()
        shared.value!.cancel()
      }
      let wasCancelled = await withCancelScope { scope in
        shared.value = scope
        do {
          try await sleep(for: .seconds(1_000))
        } catch { return scope.isCancelled && isCancelled() && !Task.isCancelled }
        return false
      }
      expect(wasCancelled)
      expect(!isCancelled() && !shared.value!.isCancelled)
    }
  }

  @Test func scope_cancelledFromInside_endsLaterWaits() async throws {
    try await inTask {
      await withCancelScope { scope in
        scope.cancel()
        expect(await !Wait(for: "test").suspend())
      }
      do {
        try await withCancelScope { scope in
          scope.cancel()
          try await sleep(for: .seconds(1_000))
        }
        expect(false, "the sleep ended well")
      } catch { expect(error is CancellationError) }
    }
  }

  @Test func staleHandle_doesNothing() async throws {
    try await onThread {
      let kept = Kept<CancelScope>()
      do {
        let runtime = try Runtime(configuration: .patient)
        try runtime.blockOn {
          var stale: CancelScope?
          await withCancelScope { stale = $0 }
          // The same record, another scope.
          await withCancelScope { _ in
            stale!.cancel()
            expect(!isCancelled() && !stale!.isCancelled)
            kept.value = stale
          }
          await withCancelScope { kept.value = $0 }
        }
      }
      kept.value!.cancel()
      let runtime = try Runtime(configuration: .patient)
      try runtime.blockOn {
        await withCancelScope { _ in
          kept.value!.cancel()
          expect(!isCancelled())
        }
      }
    }
  }

  @Test func manyTasks_cancelEachOthersScopes_andNothingIsLeft() async throws {
    try await inTask {
      var random = SeededGenerator(seed: 3)
      let scopes = Shared<[CancelScope]>([])
      var handles: [Kept<JoinHandle<Void>>] = []
      for _ in 1...50 {
        let seed = random.next()
        handles.append(
          Kept(
            spawnBoxed {
              var random = SeededGenerator(seed: seed)
              for _ in 1...200 {
                await withCancelScope { scope in
                  scopes.value.append(scope)
                  if let other = scopes.value.randomElement(using: &random) { other.cancel() }
                  try? await withTimeout(.microseconds(Int.random(in: 0...30, using: &random))) {
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: await yield()
                    case 1: try await sleep(for: .microseconds(10))
                    case 2: _ = await Wait(for: "test").suspend(until: .after(.microseconds(5)))
                    default: try await spawnBoxed { await yield() }.value()
                    }
                  }
                  if scopes.value.count > 100 { scopes.value.removeFirst(50) }
                }
                expect(!isCancelled())
              }
            }))
      }
      for handle in handles { try await handle.take().value() }
      expectEqual(liveTimers(), 0)
    }
  }
}

@Suite(.enabled(if: allocation_count_is_available())) struct ScopeAllocationTests {
  @Test(.enabled(if: isOptimised)) func timeLimits_inTimeOrNot_allocateNothing() async throws {
    try await inTask {
      var before: UInt64 = 0
      for round in 1...2_000 {
        if round == 10 { before = allocation_count() }
        try await withTimeout(.seconds(1_000)) { try await withTimeout(.seconds(1_000)) { await yield() } }
        _ = try await withTimeout(.nanoseconds(1)) { await Wait(for: "test").suspend() }
        await withCancelScope { $0.cancel() }
      }
      expectEqual(allocation_count() - before, 0)
    }
  }
}
