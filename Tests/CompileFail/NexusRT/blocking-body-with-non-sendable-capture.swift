// expect-error: capture of 'counter' with non-Sendable type 'Counter'
// A runtime's state can not be touched by the threads of its pool.
import NexusRT

final class Counter {
  var count = 0
}

nonisolated(nonsending) func block(_ counter: Counter) async throws {
  try await spawnBlocking { counter.count += 1 }.value()
}
