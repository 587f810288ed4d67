// expect-error: 'handle' consumed more than once
// A result is taken once: a handle can be moved, not copied.
import NexusRT

func copy(_ handle: consuming JoinHandle<Int>) async throws -> Int {
  let one = handle
  let other = handle
  return try await one.value() + other.value()
}
