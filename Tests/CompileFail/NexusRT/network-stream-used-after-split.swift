// expect-error: 'stream' used after consume
// What was split is two halves.
import NexusRT

nonisolated(nonsending) func use(_ stream: consuming TCPStream, _ bytes: RawSpan) async throws {
  let halves = stream.split()
  try await stream.sendAll(bytes)
  try halves.sender.shutdown()
}
