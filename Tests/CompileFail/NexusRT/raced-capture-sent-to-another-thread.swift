// expect-error: risks causing data races
// What the bodies of a race capture stays on the runtime's thread.
import NexusRT

final class Counter { var count = 0 }

nonisolated(nonsending) func race() async throws {
  let counter = Counter()
  Task.detached { counter.count += 1 }
  try await NexusRT.race({ counter.count += 1 }, { counter.count += 1 })
}
