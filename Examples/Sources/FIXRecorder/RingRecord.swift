/// One message on its way through the ring: when it was received, a stamp for the statistics, the bytes.
///
///     | receive time u64 | commit stamp u64 | message ... |
///
/// The commit stamp is `Clock.monotonic()` for one message in `sampleInterval`, and 0 for the others: reading the
/// clock twice costs as much as all the rest.
struct RingRecord {
  /// Bytes before the message.
  static let prefix = 16
  /// One message in this many is timed.
  static let sampleInterval = 64

  /// When the message was received, in nanoseconds since 1970.
  let receiveTime: UInt64
  /// When it was committed to the ring, 0 if it is not timed.
  let commitStamp: UInt64

  @inline(__always)
  init(_ record: RawSpan) {
    // SAFETY: every bit pattern is a UInt64; the loads check the bounds.
    receiveTime = unsafe record.unsafeLoad(fromByteOffset: 0, as: UInt64.self)
    commitStamp = unsafe record.unsafeLoad(fromByteOffset: 8, as: UInt64.self)
  }
}
