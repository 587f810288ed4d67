// expect-error: 'handle' used after consume
// The result was taken: the handle is gone.
import NexusRT

nonisolated(nonsending) func cancelLate() async throws -> Int {
  let handle = spawnBoxed { 1 }
  let value = try await handle.value()
  handle.cancel()
  return value
}
