// A spawned task runs once, gives its value or its error to the handle, and owns what was moved into it.

@testable import NexusRT
import Testing

@Suite struct SpawnTests {
  @Test func value_whenTaskEnds_isGiven() async throws {
    try await inTask {
      let a = spawnBoxed { 20 }
      let b = spawnBoxed {
        await yield()
        return 22
      }
      expect(!a.isFinished)
      expectEqual(try await a.value() + b.value(), 42)
    }
  }

  @Test func value_whenTaskHasEnded_needsNoSuspension() async throws {
    try await inTask {
      let handle = spawnBoxed { 1 }
      await yield()
      expect(handle.isFinished)
      let before = runtimeCounters().resumes
      expectEqual(try await handle.value(), 1)
      expectEqual(runtimeCounters().resumes, before)
    }
  }

  @Test func error_whenTaskThrows_isThrownByValue() async throws {
    try await inTask {
      let handle = spawnBoxed { () async throws -> Int in
        await yield()
        throw TestError(number: 3)
      }
      do {
        _ = try await handle.value()
        expect(false, "nothing was thrown")
      } catch { expectEqual(error as? TestError, TestError(number: 3)) }
    }
  }

  @Test func tasks_startInTheOrderTheyWereSpawned_andAfterTheSpawner() async throws {
    try await inTask {
      let order = Shared<[Int]>([])
      for number in 0..<100 { spawnBoxed { order.value.append(number) } }
      expect(order.value.isEmpty)
      await yield()
      while order.value.count < 100 { await yield() }
      expectEqual(order.value, Array(0..<100))
    }
  }

  @Test func captures_whenNotSendable_areSharedByTasks() async throws {
    try await inTask {
      let shared = Shared(0)
      let first = spawnBoxed {
        for _ in 1...1_000 {
          shared.value += 1
          await yield()
        }
      }
      let second = spawnBoxed {
        for _ in 1...1_000 {
          shared.value += 1
          await yield()
        }
      }
      try await first.value()
      try await second.value()
      expectEqual(shared.value, 2_000)
    }
  }

  @Test func spawn_fromASpawnedTask_works() async throws {
    try await inTask {
      let handle = spawnBoxed {
        let inner = spawnBoxed {
          let innermost = spawnBoxed { 5 }
          return try await innermost.value() * 2
        }
        return try await inner.value() + 1
      }
      expectEqual(try await handle.value(), 11)
    }
  }

  @Test func argument_whenNoncopyable_isOwnedByTheTask_andDroppedWhenItEnds() async throws {
    let lives = Lives()
    try await inTask {
      let handle = spawnBoxed(Unique(lives, 4)) { unique in
        await yield()
        expect(lives.alive == 1)
        return unique.number
      }
      expectEqual(try await handle.value(), 4)
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func argument_whenTheTaskThrows_isDroppedOnce() async throws {
    let lives = Lives()
    try await inTask {
      let handle = spawnBoxed(Unique(lives)) { (unique: consuming Unique) async throws -> Void in
        await yield()
        throw TestError(number: unique.number)
      }
      do { try await handle.value() } catch { expect(error is TestError) }
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func twoArguments_areMovedIn_andDroppedOnce() async throws {
    let lives = Lives()
    try await inTask {
      let handle = spawnBoxed(Unique(lives, 4), Unique(lives, 5)) { first, second in
        let number = first.number
        _ = consume first
        expect(lives.alive == 1)
        await yield()
        return number * 10 + second.number
      }
      expectEqual(try await handle.value(), 45)
      expect(lives.made == 2 && lives.alive == 0)
    }
  }

  @Test func argument_whenItIsAHandle_isJoinedByTheTask() async throws {
    try await inTask {
      let inner = spawnBoxed {
        await yield()
        return 8
      }
      let outer = spawnBoxed(inner) { inner in try await inner.value() + 1 }
      expectEqual(try await outer.value(), 9)
    }
  }

  @Test func result_whenNoncopyable_isMovedOut() async throws {
    let lives = Lives()
    try await inTask {
      let unique = try await spawnBoxed { Unique(lives, 6) }.value()
      expect(unique.number == 6)
      expect(lives.alive == 1)
      _ = consume unique
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func resultAndArguments_whenLargerThanAPooledBlock_arriveWhole() async throws {
    try await inTask {
      for round in 0..<100 {
        let handle = spawnBoxed(Large(round), Large(round + 1)) { first, second in
          await yield()
          return Pair(first, second)
        }
        let pair = try await handle.value()
        expect(pair.first.isWhole(round) && pair.second.isWhole(round + 1))
      }
    }
  }

  @Test func resultAndArguments_whenOverAligned_areAligned() async throws {
    try await inTask {
      for round in 0..<100 {
        let wide = SIMD16<Double>(repeating: Double(round))
        let handle = spawnBoxed(UInt8(1), wide) { byte, wide in
          await yield()
          return wide + Double(byte)
        }
        expectEqual(try await handle.value(), SIMD16(repeating: Double(round + 1)))
      }
    }
  }

  @Test func handle_whenItOutlivesItsRuntime_dropsTheResultLater() async throws {
    let lives = Lives()
    try await onThread {
      let kept = Kept<JoinHandle<Tracked>>()
      do {
        let runtime = try Runtime()
        try runtime.blockOn {
          kept.value = spawnBoxed { Tracked(lives) }
          await yield()
        }
      }
      let handle = kept.take()
      expect(handle.isFinished)
      handle.cancel()
      expectEqual(lives.alive, 1)
      _ = consume handle
      expectEqual(lives.alive, 0)
    }
  }

  @Test func handle_whenItOutlivesItsRuntime_givesItsValueInTheNext() async throws {
    try await onThread {
      let kept = Kept<JoinHandle<Int>>()
      do {
        let runtime = try Runtime()
        try runtime.blockOn { kept.value = spawnBoxed { 12 } }
      }
      let runtime = try Runtime()
      expectEqual(try runtime.blockOn { try await kept.take().value() }, 12)
    }
  }

  /// What a handle of an earlier runtime gives back is not a block of this one's: not for its spawns, and not for its count of what
  /// handles still have at its end.
  @Test func handle_droppedInTheNextRuntime_leavesThatOnesBlocksAlone() async throws {
    let before = BodyArena.orphans.withLock { $0.count }
    try await onThread {
      for _ in 0..<3 {
        let early = Kept<JoinHandle<Int>>()
        let late = Kept<JoinHandle<Int>>()
        do {
          var configuration = Configuration()
          configuration.slab = .bounded(slots: 4)
          let runtime = try Runtime(configuration: configuration)
          try runtime.blockOn { early.value = spawnSlab { 1 } }
        }
        do {
          var configuration = Configuration()
          configuration.slab = SlabSize.bounded(slots: 1, bytesPerSlot: 1_024)
          let runtime = try Runtime(configuration: configuration)
          try runtime.blockOn {
            late.value = spawnSlab { 2 }
            expectEqual(try await early.take().value(), 1)
            // The block of the earlier runtime is smaller than this one's places, of which none is free.
            expect(tryClaimSlot() == nil)
          }
        }
        // Its block is there still.
        let handle = late.take()
        expect(handle.isFinished)
        _ = consume handle
      }
    }
    expectEqual(BodyArena.orphans.withLock { $0.count }, before)
  }
}

/// 520 bytes of which every word is checked.
private struct Large {
  private var words: InlineArray<65, Int>
  init(_ seed: Int) { words = InlineArray { $0 &* 31 &+ seed } }
  func isWhole(_ seed: Int) -> Bool { (0..<65).allSatisfy { words[$0] == $0 &* 31 &+ seed } }
}

private struct Pair {
  let first: Large
  let second: Large
  init(_ first: Large, _ second: Large) {
    self.first = first
    self.second = second
  }
}
