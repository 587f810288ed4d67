// Cancel scopes and time limits: what they end, what they leave alone, and that nothing of them stays behind.

import CAllocationCounter
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

/// What a scope reaches, and what not.
@Suite struct ScopeReachTests {
  @Test func timeout_duringANativeSuspension_endsTheNextWait() async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.microseconds(100)) {
          // Not ours: it is not ended.
          try await Task.sleep(for: .milliseconds(3))
          expect(isCancelled())
          try await sleep(for: .seconds(1_000))
        }
      }
      let number = try await withTimeout(.microseconds(100)) {
        await Task.detached {
          try? await Task.sleep(for: .milliseconds(3))
          return 6
        }.value
      }
      expectEqual(number, 6)
    }
  }

  @Test func timeout_doesNotReachAsyncLet_butItsParentSeesIt() async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.microseconds(100)) {
          async let child = { () async throws -> Int in
            try await sleep(for: .milliseconds(3))
            expect(!isCancelled())
            return 8
          }()
          expectEqual(try await child, 8)
          try await sleep(for: .seconds(1_000))
        }
      }
    }
  }

  @Test func timeout_inAChildTask_endsItsWaits_andLeavesItsParentAlone() async throws {
    try await inTask {
      for _ in 1...20 {
        async let child = { () async throws -> Int in
          for _ in 1...5 {
            await expectTimeout {
              try await withTimeout(.microseconds(50)) {
                await yield()
                try await withTimeout(.seconds(1_000)) { try await sleep(for: .seconds(1_000)) }
              }
            }
            expect(!isCancelled())
            try await sleep(for: .microseconds(5))
          }
          return try await withTimeout(.seconds(1_000)) {
            try? await withTimeout(.zero) { try await sleep(for: .seconds(1_000)) }
            return try await spawnBoxed { 2 }.value()
          }
        }()
        try await sleep(for: .microseconds(100))
        expect(!isCancelled())
        expectEqual(try await child, 2)
      }
      expectEqual(liveTimers(), 0)
      expectEqual(unsafe LoopState.current(for: "test").pointee.slab.guests, 0)
    }
  }

  @Test func childTask_cancelledInsideItsTimeLimit_throwsWhatItThrew() async throws {
    try await inTask {
      await withTaskGroup(of: Bool.self) { group in
        for _ in 1...20 {
          group.addTask {
            do {
              try await withTimeout(.seconds(1_000)) { try await sleep(for: .seconds(1_000)) }
              return false
            } catch { return error is CancellationError && isCancelled() }
          }
        }
        for _ in 1...5 { await yield() }
        group.cancelAll()
        for await wasCancelled in group { expect(wasCancelled) }
      }
      expectEqual(liveTimers(), 0)
      expectEqual(unsafe LoopState.current(for: "test").pointee.slab.guests, 0)
    }
  }

  @Test(arguments: [false, true]) func timeout_duringAReadOfAPipe_endsIt_andNothingIsLost(
    inChild: Bool
  ) async throws {
    try await inTask {
      let pipe = Pipe()
      let input = Kept(File(borrowing: pipe.input.descriptor))
      let read = { @Sendable () async throws -> UInt8 in
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        _ = try await withTimeout(.milliseconds(1)) { try await input.value!.read(into: &bytes) }
        return buffer.bytes.byte(at: 0)
      }
      for _ in 1...10 {
        await expectTimeout {
          if inChild {
            async let byte = read()
            _ = try await byte
          } else {
            _ = try await read()
          }
        }
      }
      let one = IOBuffer(count: 1)
      _ = try await pipe.output.write(one.bytes)
      expectEqual(try await read(), 0)
      // An operation does not begin when the time is up.
      let before = runtimeCounters().enters
      await expectTimeout {
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        _ = try await withTimeout(.zero) { try await input.value!.read(into: &bytes) }
      }
      expectEqual(runtimeCounters().enters, before)
    }
  }

  @Test func race_betweenCompletionAndTimeLimit_losesNoByte() async throws {
    try await inTask {
      let pipe = Pipe()
      let output = Kept(File(borrowing: pipe.output.descriptor))
      let count = 300
      let writer = spawnBoxed {
        let one = IOBuffer(count: 1)
        for number in 1...count {
          try await sleep(for: .microseconds(number % 60))
          _ = try await output.value!.write(one.bytes)
        }
      }
      var received = 0
      var timeouts = 0
      var buffer = IOBuffer(count: 1)
      while received < count {
        var bytes = buffer.mutableBytes
        do {
          received += try await withTimeout(.microseconds(30 + received % 50)) {
            try await pipe.input.read(into: &bytes)
          }
        } catch { timeouts += 1 }
      }
      try await writer.value()
      expectEqual(received, count)
    }
  }

  @Test func spawnedTask_isNotInItsSpawnersScope() async throws {
    try await inTask {
      let handle = try await withTimeout(.zero) {
        spawnBoxed {
          try await sleep(for: .microseconds(10))
          return isCancelled()
        }
      }
      expect(try await !handle.value())
    }
  }

  @Test func runtimeEnds_whileATaskIsInAScope_endsTheTask() async throws {
    let lives = Lives()
    try await inRuntime { runtime in
      try runtime.blockOn {
        spawnBoxed(Unique(lives)) { unique in
          try await withTimeout(.seconds(1_000)) { try await sleep(for: .seconds(1_000)) }
          _ = unique.number
        }
        await yield()
      }
    }
    #expect(lives.made == 1 && lives.alive == 0)
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

// MARK: Support

private func liveTimers() -> Int { unsafe LoopState.current(for: "test").pointee.timers.count }

private nonisolated(nonsending) func expectTimeout(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: nonisolated(nonsending) () async throws -> Void
) async {
  do {
    try await body()
    expect(false, "nothing was thrown", sourceLocation: sourceLocation)
  } catch { expect(error is TimeoutError, "\(error)", sourceLocation: sourceLocation) }
}

/// A noncopyable receiver, as a channel's is.
private struct Inbox: ~Copyable {
  final class Contents {
    var numbers: [Int] = []
    var waiter = WakeToken.none
  }

  struct Sender {
    let contents: Contents
    func send(_ number: Int) {
      contents.numbers.append(number)
      contents.waiter.wake()
    }
  }

  private let contents = Contents()
  private(set) var received = 0
  var sender: Sender { Sender(contents: contents) }

  nonisolated(nonsending) mutating func receive() async throws -> Int {
    while contents.numbers.isEmpty {
      let wait = Wait(for: "test")
      contents.waiter = wait.token
      if await !wait.suspend() { throw CancellationError() }
    }
    received += 1
    return contents.numbers.removeFirst()
  }
}
