// Tasks that are always ready do not keep timers, other threads or the kernel waiting, nor each other.

import Glibc
import NexusRT
import Synchronization
import Testing

@Suite struct FairnessTests {
  @Test(arguments: [false, true]) func timer_isNotStarved(busy: Bool) async throws {
    try await amongYielders(busy: busy) {
      for _ in 1...5 { try await sleep(for: .milliseconds(1)) }
    }
  }

  @Test(arguments: [false, true]) func foreignWake_isNotStarved(busy: Bool) async throws {
    try await amongYielders(busy: busy) {
      for _ in 1...20 {
        let wait = Wait(for: "test")
        let token = wait.token
        _ = Worker { token.wake() }
        expect(await wait.suspend())
      }
    }
  }

  @Test(arguments: [false, true]) func kernel_isNotStarved(busy: Bool) async throws {
    try await amongYielders(busy: busy) {
      let pipe = Pipe()
      let output = pipe.output.descriptor
      var buffer = IOBuffer(count: 16)
      for number in 1...20 {
        _ = Worker {
          var byte = UInt8(number)
          expectEqual(unsafe write(output, &byte, 1), 1)
        }
        var span = buffer.mutableBytes
        expectEqual(try await pipe.input.read(into: &span), 1)
        expectEqual(buffer.bytes.byte(at: 0), UInt8(number))
      }
    }
  }

  @Test(arguments: [false, true]) func tasksOfTheSwiftRuntime_areNotStarved(busy: Bool) async throws {
    try await amongYielders(busy: busy) {
      for number in 1...20 {
        async let child = number
        expectEqual(await child, number)
        // On a thread of its own: the pool's few may all wait for other tests, while this one keeps the cores busy.
        let value = await Task.detached(executorPreference: ThreadPerJob()) { number }.value
        expectEqual(value, number)
      }
    }
  }

  @Test(arguments: [1, 64]) func yieldingTasks_takeTurns(tasksPerTurn: Int) async throws {
    var configuration = Configuration()
    configuration.tasksPerTurn = tasksPerTurn
    try await inTask(configuration) {
      let turns = Shared([Int](repeating: 0, count: 50))
      let isOver = Shared(false)
      for number in 0..<50 {
        spawnBoxed {
          while !isOver.value {
            turns.value[number] += 1
            await yield()
          }
        }
      }
      for _ in 1...500 {
        await yield()
        let spread = turns.value.max()! - turns.value.min()!
        expect(spread <= 1, "some tasks ran \(spread) times more than others")
      }
      isOver.value = true
    }
  }

  /// Runs `body` while 200 tasks do nothing but yield.
  private func amongYielders(
    busy: Bool, _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Void
  ) async throws {
    try await inTask(busy: busy) {
      let isOver = Shared(false)
      for _ in 1...200 { spawnBoxed { while !isOver.value { await yield() } } }
      try await body()
      isOver.value = true
    }
  }
}

/// Runs each job on a thread of its own.
private final class ThreadPerJob: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    _ = Worker { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
