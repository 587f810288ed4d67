// expect-error: risks causing data races
// What a task captures stays on its thread while the task's handle is alive.
import NexusRT

final class Counter { var count = 0 }

nonisolated(nonsending) func race() async throws {
  let counter = Counter()
  let handle = spawnBoxed { counter.count += 1 }
  Task.detached { counter.count += 1 }
  try await handle.value()
}
