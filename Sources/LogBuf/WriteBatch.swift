// Room for several records, claimed at one stroke: one look at the free space and one move of the tail (one
// compare-and-exchange among many writers), then record by record. Each record is visible as soon as it is committed;
// what the batch did not use becomes one skip when it ends.

/// A run of bytes of the ring from which records are claimed one after the other.
///
/// ```swift
/// var batch = try writer.tryClaimBatch(count: 16, of: 64)
/// while var claim = batch.next() {
///   claim.copy(from: message)
///   claim.commit()
/// }
/// ```
///
/// A batch borrows its writer and lies in one piece, so it needs that much free room in one piece. As long as it
/// lives, the reader of a ring stops at its first record that is not committed.
@frozen
@safe
public struct WriteBatch: ~Copyable, ~Escapable {
  /// Where the next record starts. Everything from here to `end` is zero and the batch's own.
  @usableFromInline var cursor: UnsafeMutableRawPointer

  /// The bytes left, a multiple of eight.
  @usableFromInline var remaining: Int

  /// The payload of each record in bytes, for `next()`.
  @usableFromInline let recordCount: Int

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(start: UnsafeMutableRawPointer, extent: Int, recordCount: Int) {
    unsafe cursor = unsafe start
    remaining = extent
    self.recordCount = recordCount
  }

  @inlinable @inline(__always)
  deinit {
    // The rest is still the batch's, and its length word still zero.
    if remaining > 0 { unsafe _RingHandle.publish(_Record.skip(extent: remaining), at: cursor) }
  }
}

extension WriteBatch {
  /// The bytes of the ring that are left for records, their length words and padding included.
  @inlinable
  public var remainingSpace: Int { remaining }

  /// Claims the next record of the size the batch was made for, or nil when none is left. For a batch made with
  /// `space` this is always nil: say the size of each record.
  ///
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func next() -> WriteClaim? {
    if recordCount == 0 { return nil }
    guard let ticket = unsafe take(recordCount) else { return nil }
    return unsafe _overrideLifetime(WriteClaim(ticket), mutating: &self)
  }

  /// Claims the next record with `count` bytes, or nil when the batch has not that much left.
  ///
  /// - Parameter count: At least 1; anything else is a programmer's error and traps.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func next(_ count: Int) -> WriteClaim? {
    precondition(count > 0, "a record has at least one byte")
    guard let ticket = unsafe take(count) else { return nil }
    return unsafe _overrideLifetime(WriteClaim(ticket), mutating: &self)
  }

  @inlinable @inline(__always)
  mutating func take(_ count: Int) -> _WriteTicket? {
    // The first comparison keeps the extent of an absurd count from overflowing.
    if count >= remaining { return nil }
    let extent = _Record.extent(of: count)
    if extent > remaining { return nil }
    let ticket = unsafe _WriteTicket(record: cursor, count: count)
    // Stays inside the batch by the comparison above.
    unsafe cursor += extent
    remaining &-= extent
    return unsafe ticket
  }
}
