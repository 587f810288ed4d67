// expect-error: 'handle' consumed more than once
// A result is given once.
import NexusRT

nonisolated(nonsending) func twice() async throws -> Int {
  let handle = spawnBoxed { 1 }
  return try await handle.value() + handle.value()
}
