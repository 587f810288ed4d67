// expect-error: value of type 'TCPReceiver' has no member 'sendAll'
// A half has one direction.
import NexusRT

nonisolated(nonsending) func use(_ receiver: borrowing TCPReceiver, _ bytes: RawSpan) async throws {
  try await receiver.sendAll(bytes)
}
