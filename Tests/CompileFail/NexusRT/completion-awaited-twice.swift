// expect-error: 'completion' consumed more than once
// A completion has one value, for one who waits.
import NexusRT

nonisolated(nonsending) func wait(_ completion: consuming Completion<Int>) async throws -> Int {
  let first = try await completion.value()
  return try await first + completion.value()
}
