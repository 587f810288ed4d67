// expect-error: 'beat' consumed more than once
// Two copies would each give every tick.
import NexusRT

nonisolated(nonsending) func tickTwice() async throws {
  let beat = interval(every: .seconds(1))
  var one = beat
  var other = beat
  try await one.tick()
  try await other.tick()
}
