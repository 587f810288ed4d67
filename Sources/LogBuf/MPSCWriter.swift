// The writing end of a ring with several writers, and the pair the first of them is born in. `SPSCWriter.swift` is its
// sibling for a single writer, section by section.

/// The first writer and the reader of a ring for several writers, to be taken out one by one:
/// `let ring = LogBuffer.mpsc(capacity: 4096); var writer = ring.writer; var reader = ring.reader`.
@frozen
public struct MPSCEnds: ~Copyable, Sendable {
  public var writer: MPSCWriter
  public var reader: LogReader

  @inlinable
  init(writer: consuming MPSCWriter, reader: consuming LogReader) {
    self.writer = writer
    self.reader = reader
  }
}

/// One of several writers of a ring. It can be moved to another thread and cloned, not copied.
///
/// Claiming is lock-free: one comparison against a known position of the reader and one compare-and-exchange, repeated
/// when another writer was faster. The order of claims is the order of records; a claim that stays open holds back
/// those of all writers behind it. Dropping the last writer closes the ring: the reader still gets everything committed.
@frozen
public struct MPSCWriter: ~Copyable, @unchecked Sendable {
  @usableFromInline let ring: _RingHandle

  /// This writer's copy of the reader's position. At most the real one; brought up to date when it seems to leave
  /// no room.
  @usableFromInline var knownHead: _Position

  /// Takes over one writer's share of the ring.
  @inlinable
  init(adopting ring: _RingHandle, knownHead: _Position = _Position(rawValue: 0)) {
    self.ring = ring
    self.knownHead = knownHead
  }

  @inlinable
  deinit { ring.leave(share: _RingHandle.writerShare) }

  /// Makes another writer of the same ring.
  ///
  /// - Complexity: O(1). Allocates nothing.
  @inlinable
  public borrowing func clone() -> MPSCWriter {
    ring.addWriter()
    // Whoever gets the clone gets it after the acquire that made this copy of the head.
    return MPSCWriter(adopting: ring, knownHead: knownHead)
  }

  /// Closes the writer now: the same as dropping it, said aloud.
  @inlinable
  public consuming func close() {}
}

// MARK: Claiming

extension MPSCWriter {
  /// Claims room for a record of `count` bytes.
  ///
  /// - Parameter count: The payload in bytes. Zero or less is a programmer's error and traps: a length word of zero
  ///   marks a record that is not committed yet.
  /// - Throws: `tooLarge` when `count` exceeds `largestRecord`, `closed` when the reader is gone, `full` when there is
  ///   no room at this moment. A thread that tries again by itself should wait some hundreds of nanoseconds in between:
  ///   every try on a full ring takes the cache line of the reader's position away from the reader.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryClaim(_ count: Int) throws(ClaimError) -> WriteClaim {
    guard let ticket = unsafe try _tryTicket(count) else { throw .full }
    return unsafe _overrideLifetime(WriteClaim(ticket), mutating: &self)
  }

  /// For wrappers: as `tryClaim(_:)`, with nil in place of `full`, which is no error to one who waits.
  @unsafe
  @inlinable @inline(__always)
  public mutating func _tryTicket(_ count: Int) throws(ClaimError) -> _WriteTicket? {
    try ring.admit(count, limit: ring.largestRecord)
    let record = unsafe ring.claimShared(_Record.extent(of: count), knownHead: &knownHead)
    guard let record = unsafe record else { return nil }
    return unsafe _WriteTicket(record: record, count: count)
  }

  /// Claims room for `count` records of `size` bytes each, for `WriteBatch.next()`.
  ///
  /// - Throws: `tooLarge` when the records together need more than `largestBatch` bytes of the ring, or `size` is above
  ///   `largestRecord`; `closed`; `full` when there is no room for all of them in one piece.
  /// - Complexity: O(1).
  @inlinable
  @_lifetime(&self)
  public mutating func tryClaimBatch(count: Int, of size: Int) throws(ClaimError) -> WriteBatch {
    let space = try ring.batchSpace(count: count, of: size)
    guard let start = unsafe ring.claimShared(space, knownHead: &knownHead) else { throw .full }
    return unsafe _overrideLifetime(
      WriteBatch(start: start, extent: space, recordCount: size), mutating: &self)
  }

  /// Claims `space` bytes of the ring for records of any size, for `WriteBatch.next(_:)`.
  ///
  /// - Parameter space: The sum of `LogBuffer.space(for:)` over the records, rounded up to a multiple of eight. Zero or
  ///   less is a programmer's error and traps.
  /// - Throws: `tooLarge` when `space` exceeds `largestBatch`; `closed`; `full` when there is not that much room in one
  ///   piece.
  /// - Complexity: O(1).
  @inlinable
  @_lifetime(&self)
  public mutating func tryClaimBatch(space: Int) throws(ClaimError) -> WriteBatch {
    let space = try ring.batchSpace(space)
    guard let start = unsafe ring.claimShared(space, knownHead: &knownHead) else { throw .full }
    return unsafe _overrideLifetime(
      WriteBatch(start: start, extent: space, recordCount: 0), mutating: &self)
  }

  /// Writes a copy of `bytes` as one record.
  ///
  /// - Throws: As `tryClaim(_:)`; an empty span traps as a claim of zero bytes does.
  /// - Complexity: O(`bytes.byteCount`).
  @inlinable
  public mutating func tryWrite(_ bytes: RawSpan) throws(ClaimError) {
    var claim = try tryClaim(bytes.byteCount)
    claim.copy(from: bytes)
    claim.commit()
  }
}

// MARK: Asking

extension MPSCWriter {
  /// The size of the ring in bytes, a power of two.
  @inlinable
  public var capacity: Int { ring.capacity }

  /// The largest record that can be claimed, in payload bytes: what fits an empty ring wherever it happens to be empty.
  @inlinable
  public var largestRecord: Int { ring.largestRecord }

  /// The largest batch that can be claimed, in bytes of the ring.
  @inlinable
  public var largestBatch: Int { ring.largestExtent }

  /// The bytes claimed and not given back yet, length words, padding and skips included. Out of date as soon as it is
  /// known.
  @inlinable
  public var bytesInUse: Int { ring.bytesInUse }

  /// Whether the reader is gone. Once true it stays true, and every claim throws `closed`.
  @inlinable
  public var isReaderGone: Bool { ring.isReaderGone }

  /// Whether a claim of `count` bytes would find room now. Always asks the reader's position, so that a writer who
  /// announced that it waits, and then asks, does not miss what was given back meanwhile. Another writer may take the
  /// room before this one does.
  @inlinable
  public func hasRoom(for count: Int) -> Bool {
    precondition(count > 0, "a record has at least one byte")
    return count <= ring.largestRecord && ring.hasRoom(for: _Record.extent(of: count))
  }
}
