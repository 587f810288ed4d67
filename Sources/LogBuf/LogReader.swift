// The reading end, the same for rings with one writer and with many: a reader sees only length words, and these do not
// tell how many writers there are.

/// The only reader of a ring. It can be moved to another thread, not copied.
///
/// Reading is wait-free. Records come in the order in which they were claimed; one that is claimed and not yet
/// committed holds back all behind it. Dropping the reader closes the ring: claims throw `closed` from then on.
@frozen
public struct LogReader: ~Copyable, @unchecked Sendable {
  @usableFromInline let ring: _RingHandle

  /// Takes over the reader's share of the ring.
  @inlinable
  init(adopting ring: _RingHandle) { self.ring = ring }

  @inlinable
  deinit { ring.leave(share: _RingHandle.readerShare) }

  /// Closes the reader now: the same as dropping it, said aloud.
  @inlinable
  public consuming func close() {}
}

// MARK: Reading

extension LogReader {
  /// The next record, or nil when none can be read now. Whether one may still come, `isClosed` tells.
  ///
  /// Skips before the record are passed over and their room is given back, also when no record follows; `bytesFreed`
  /// tells whether that happened.
  ///
  /// - Complexity: O(1), plus O(bytes) of skips passed over.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryRead() -> ReadClaim? {
    guard let found = ring.nextRecordGivingBackSkips() else { return nil }
    return unsafe _overrideLifetime(ReadClaim(_ReadTicket(ring: ring, found: found)), mutating: &self)
  }

  /// Starts to read the records there are, to be given back together when the batch ends.
  ///
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func batch() -> ReadBatch {
    unsafe _overrideLifetime(ReadBatch(ring: ring), mutating: &self)
  }

  /// Calls `body` with each record there is now, at most `limit` of them, and gives their room back together at the
  /// end.
  ///
  /// - Returns: The number of records read.
  /// - Throws: What `body` throws. The record it threw at counts as read, like all before it.
  /// - Complexity: O(bytes read).
  @inlinable
  @discardableResult
  public mutating func readBatch<Failure: Error>(
    limit: Int = .max, _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var count = 0
    var batch = self.batch()
    while count < limit, let bytes = batch.next() {
      count &+= 1
      try body(bytes)
    }
    return count
  }
}

// MARK: Asking

extension LogReader {
  /// The size of the ring in bytes, a power of two.
  @inlinable
  public var capacity: Int { ring.capacity }

  /// The largest record that can come, in payload bytes.
  @inlinable
  public var largestRecord: Int { ring.largestRecord }

  /// The bytes claimed and not given back yet, length words, padding and skips included. Out of date as soon as it is
  /// known; writers can only make it larger.
  @inlinable
  public var bytesInUse: Int { ring.bytesInUse }

  /// The bytes given back since the ring was made. It changes exactly when room is given back, by a record that was
  /// read or by skips passed over: whoever wakes waiting writers compares it.
  @inlinable
  public var bytesFreed: Int { ring.readPosition.rawValue }

  /// Whether a record can be read now. Once true it stays true until it is read. Gives back the room of skips before
  /// it, and of skips that no record follows.
  ///
  /// - Complexity: O(1), plus O(bytes) of skips passed over.
  @inlinable
  public var hasRecord: Bool {
    mutating get { ring.nextRecordGivingBackSkips() != nil }
  }

  /// Whether all writers are gone. Records they committed may still be in the ring.
  @inlinable
  public var areWritersGone: Bool { ring.areWritersGone }

  /// Whether nothing can be read any more, now or later: all writers are gone and the ring is drained. Once true it
  /// stays true.
  @inlinable
  public var isClosed: Bool {
    mutating get {
      // In this order: a record committed just before the last writer left is in the ring by the time it is seen gone.
      areWritersGone && !hasRecord
    }
  }
}
