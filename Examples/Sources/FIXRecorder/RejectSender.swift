internal import FIXWire
internal import NexusChannels

/// A producer's end of the rejects' own ring, so that what is wrong never stands in the way of what is right.
struct RejectSender: ~Copyable, Sendable {
  private var sender: MPSCBytes.Sender

  init(_ sender: consuming MPSCBytes.Sender) { self.sender = sender }

  /// A further producer's end.
  func clone() -> RejectSender { RejectSender(sender.clone()) }

  /// Sends from a thread of its own. Waits while the ring is full, which the reject file's task empties as fast as the
  /// disk goes, or throws away when the file cannot be written.
  mutating func sendBlocking(_ record: RejectRecord, _ bytes: RawSpan) throws(BytesClaimError) {
    var claim = try sender.claimBlocking(RejectRecord.headerSize + bytes.byteCount)
    claim.write { room in unsafe room.withUnsafeMutableBytes { unsafe record.encode(bytes, into: $0) } }
    claim.commit()
  }

  /// Sends from a task.
  nonisolated(nonsending) mutating func send(
    _ record: RejectRecord, _ bytes: RawSpan
  ) async throws(BytesClaimError) {
    var claim = try await sender.claim(RejectRecord.headerSize + bytes.byteCount)
    claim.write { room in unsafe room.withUnsafeMutableBytes { unsafe record.encode(bytes, into: $0) } }
    claim.commit()
  }
}
