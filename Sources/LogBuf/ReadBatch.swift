// Many records, given back together: each is zeroed as soon as the next is asked for, while it is still in the cache,
// but the head moves once, when the batch ends. Writers that look for room then take one cache miss for all of it.

/// The records that can be read now, one after the other, freed together at the end.
///
/// ```swift
/// var batch = reader.batch()
/// while let bytes = batch.next() { handle(bytes) }
/// ```
///
/// A batch borrows its reader. It goes on for as long as it finds records, so against a writer that never pauses it is
/// for the caller to stop: until the batch ends, no room is given back.
@frozen
@safe
public struct ReadBatch: ~Copyable, ~Escapable {
  @usableFromInline let ring: _RingHandle

  /// Everything before this is zeroed, and given back when the batch ends.
  @usableFromInline var position: _Position

  /// The payload bytes of the record at `position` that `next()` returned last, 0 when there is none.
  @usableFromInline var lent: Int

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(ring: _RingHandle) {
    self.ring = ring
    position = ring.readPosition
    lent = 0
  }

  @inlinable @inline(__always)
  deinit {
    let end = lent > 0 ? ring.clear(_Found(position: position, count: lent)) : position
    // A batch that found nothing leaves the writers' copies of the line alone.
    if end != ring.readPosition { ring.giveBack(upTo: end) }
  }
}

extension ReadBatch {
  /// Gives the records' room back now instead of at the end of the scope.
  @inlinable @inline(__always)
  public consuming func free() {}

  /// The next record's bytes, valid until the next call, or nil when there is none to read now.
  ///
  /// - Complexity: O(size of the record before), plus the skips passed over.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func next() -> RawSpan? {
    if lent > 0 {
      // The span of that record has ended: it borrowed the batch mutably, as this call does.
      position = ring.clear(_Found(position: position, count: lent))
      lent = 0
    }
    guard let found = ring.nextRecord(from: &position) else { return nil }
    lent = found.count
    let span = unsafe RawSpan(_unsafeBytes: ring.payload(of: found))
    return unsafe _overrideLifetime(span, mutating: &self)
  }
}
