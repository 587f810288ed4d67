// What a cancel scope reaches, and what not.

@testable import NexusRT
import Testing

@Suite struct ScopeReachTests {
  @Test func timeout_duringANativeSuspension_endsTheNextWait() async throws {
    try await inTask {
      await expectTimeout {
        try await withTimeout(.microseconds(100)) {
          // Not ours: it is not ended.
          try await Task.sleep(for: .milliseconds(3))
          // If this thread was kept waiting the sleep was over before it began, and the loop has not looked at the time yet.
          while !isCancelled() { await yield() }
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
