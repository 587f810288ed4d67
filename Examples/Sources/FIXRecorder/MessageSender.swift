internal import NexusChannels

/// A producer's end of the ring: puts messages in with their receive time, and times some of them.
struct MessageSender: ~Copyable, Sendable {
  private var sender: MPSCBytes.Sender
  private var untilSample = 1
  /// From the call, which waits where the ring is full, to the commit.
  private(set) var claimToCommit = LatencyHistogram()

  init(_ sender: consuming MPSCBytes.Sender) { self.sender = sender }

  /// A further producer's end.
  func clone() -> MessageSender { MessageSender(sender.clone()) }

  /// Sends from a thread of its own; waits while the ring is full. O(message), no allocation.
  @inline(__always)
  mutating func sendBlocking(_ message: RawSpan, receiveTime: UInt64) throws(BytesClaimError) {
    let began = sampleBegins()
    var claim = try sender.claimBlocking(RingRecord.prefix + message.byteCount)
    let stamp = began == 0 ? 0 : Clock.monotonic()
    RingRecord.fill(&claim, message, receiveTime: receiveTime, commitStamp: stamp)
    claim.commit()
    if began != 0 { claimToCommit.record(stamp &- began) }
  }

  /// Sends from a task; waits while the ring is full. O(message), no allocation.
  @inline(__always)
  nonisolated(nonsending) mutating func send(
    _ message: RawSpan, receiveTime: UInt64
  ) async throws(BytesClaimError) {
    let began = sampleBegins()
    var claim = try await sender.claim(RingRecord.prefix + message.byteCount)
    let stamp = began == 0 ? 0 : Clock.monotonic()
    RingRecord.fill(&claim, message, receiveTime: receiveTime, commitStamp: stamp)
    claim.commit()
    if began != 0 { claimToCommit.record(stamp &- began) }
  }

  /// The time, for one message in `RingRecord.sampleInterval`, else 0.
  @inline(__always)
  private mutating func sampleBegins() -> UInt64 {
    untilSample -= 1
    if untilSample > 0 { return 0 }
    untilSample = RingRecord.sampleInterval
    return Clock.monotonic()
  }
}

extension RingRecord {
  @inline(__always)
  static func fill(
    _ claim: inout BytesClaim, _ message: RawSpan, receiveTime: UInt64, commitStamp: UInt64
  ) {
    // SAFETY: the claim has room for the prefix and the message.
    claim.write { bytes in
      unsafe bytes.withUnsafeMutableBytes { room in
        unsafe room.storeBytes(of: receiveTime, toByteOffset: 0, as: UInt64.self)
        unsafe room.storeBytes(of: commitStamp, toByteOffset: 8, as: UInt64.self)
        unsafe message.withUnsafeBytes { source in
          unsafe (room.baseAddress! + prefix).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
      }
    }
  }
}
