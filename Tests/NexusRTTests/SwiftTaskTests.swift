// Our tasks are ordinary Swift tasks: what the language offers works inside them, before, after and between our own
// waits, and what it starts for them runs on the runtime's thread.

import NexusRT
import Testing

@Suite struct SwiftTaskTests {
  @Test func asyncLet_mixedWithOurWaits_runsOnOurThread() async throws {
    try await inTask {
      let home = thisThread()
      for round in 0..<50 {
        await yield()
        async let first = value(round, on: home)
        async let second = value(round + 1, on: home)
        if round % 3 == 0 { try await sleep(for: .microseconds(10)) }
        await yield()
        let sum = await first + second
        expectEqual(sum, 2 * round + 1)
        expectEqual(thisThread(), home)
        expectEqual(try await spawnBoxed { round }.value(), round)
      }
    }
  }

  @Test func taskGroup_mixedWithOurWaits_runsOnOurThread() async throws {
    try await inTask {
      let home = thisThread()
      for _ in 0..<20 {
        await yield()
        let sum = await withTaskGroup(of: Int.self) { group in
          for number in 1...10 { group.addTask { await value(number, on: home) } }
          var sum = 0
          for await number in group {
            sum += number
            expectEqual(thisThread(), home)
            await yield()
          }
          return sum
        }
        expectEqual(sum, 55)
        try await sleep(for: .zero)
      }
    }
  }

  @Test func taskGroup_inASpawnedTask_isCancelledWithIt() async throws {
    try await inTask {
      let handle = spawnBoxed {
        await withTaskGroup(of: Bool.self) { group in
          for _ in 1...10 {
            group.addTask {
              do {
                try await sleep(for: .seconds(1_000))
                return false
              } catch { return Task.isCancelled }
            }
          }
          var all = true
          for await isCancelled in group { all = all && isCancelled }
          return all
        }
      }
      for _ in 1...30 { await yield() }
      handle.cancel()
      expect(try await handle.value())
    }
  }

  @Test func childTask_canSpawn_yield_andJoin() async throws {
    try await inTask {
      async let result = { () async throws -> Int in
        await yield()
        let handle = spawnBoxed {
          await yield()
          return 4
        }
        await yield()
        return try await handle.value()
      }()
      await yield()
      expectEqual(try await result, 4)
    }
  }

  @Test func taskLocals_areSeenAcrossOurWaits_andByChildren_andBySpawnedTasks() async throws {
    try await inTask {
      try await Local.$value.withValue(7) {
        expectEqual(Local.value, 7)
        await yield()
        expectEqual(Local.value, 7)
        async let inChild = { () async -> Int in
          await yield()
          return Local.value
        }()
        expectEqual(await inChild, 7)
        expectEqual(try await spawnBoxed { Local.value }.value(), 7)
        let afterAWait = spawnBoxed {
          await yield()
          return Local.value
        }
        expectEqual(try await afterAWait.value(), 7)
      }
      expectEqual(Local.value, 0)
      expectEqual(try await spawnBoxed { Local.value }.value(), 0)
    }
  }

  @Test func taskLocals_ofATaskThatEnded_areNotSeenByTheNext() async throws {
    try await inTask {
      for number in 1...20 {
        let handle = spawnBoxed {
          let before = Local.value
          await Local.$value.withValue(number) { await yield() }
          return before
        }
        expectEqual(try await handle.value(), 0)
      }
    }
  }

  @Test func detachedTask_awaited_comesBackToOurThread() async throws {
    try await inTask {
      let home = thisThread()
      for round in 0..<100 {
        let other = Task.detached { (round, thisThread()) }
        let (number, thread) = await other.value
        expectEqual(number, round)
        expect(thread != home)
        expectEqual(thisThread(), home)
        await yield()
      }
    }
  }

  @Test func continuation_resumedByAnotherThread_comesBackToOurThread() async throws {
    try await inTask {
      let home = thisThread()
      for round in 0..<50 {
        let number = await withCheckedContinuation { continuation in
          _ = Worker { continuation.resume(returning: round) }
        }
        expectEqual(number, round)
        expectEqual(thisThread(), home)
        await yield()
      }
    }
  }

  @Test func swiftsOwnYieldAndSleep_comeBackToOurThread() async throws {
    try await inTask {
      let home = thisThread()
      for _ in 0..<20 {
        await Task.yield()
        expectEqual(thisThread(), home)
        await yield()
        try await Task.sleep(for: .microseconds(50))
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func asyncStream_fedByAnotherThread_arrivesWhole() async throws {
    try await inTask {
      let home = thisThread()
      let (stream, continuation) = AsyncStream<Int>.makeStream()
      let worker = Worker {
        for number in 1...1_000 { continuation.yield(number) }
        continuation.finish()
      }
      var sum = 0
      for await number in stream {
        sum += number
        expectEqual(thisThread(), home)
        if number % 10 == 0 { await yield() }
      }
      worker.join()
      expectEqual(sum, 500_500)
    }
  }
}

private enum Local {
  @TaskLocal static var value = 0
}

/// Waits in our way and says whether it ran where it should.
private func value(_ number: Int, on home: Int32) async -> Int {
  expectEqual(thisThread(), home)
  await yield()
  expectEqual(thisThread(), home)
  return number
}
