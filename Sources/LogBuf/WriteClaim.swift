// Room for one record, on its way from a writer to the reader. A claim ends exactly once, by `commit` or by being
// dropped, and either way the reader can go on: a dropped claim becomes a skip, never a hole.

/// Exclusive access to the bytes of one record that is being written.
///
/// A claim borrows its writer, so a second claim on the same writer, or a claim that outlives it, does not compile.
/// With several writers the reader stops at a claim that is still open, and all later records wait behind it: fill
/// and commit without waiting for anything in between.
@frozen
@safe
public struct WriteClaim: ~Copyable, ~Escapable {
  @usableFromInline let ticket: _WriteTicket

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ ticket: _WriteTicket) { unsafe self.ticket = unsafe ticket }

  @inlinable @inline(__always)
  deinit { unsafe ticket.abandon() }
}

extension WriteClaim {
  /// The bytes claimed.
  @inlinable
  public var count: Int { unsafe ticket.count }

  /// The claimed bytes, aligned to eight. They are zero until something is written.
  ///
  /// - Complexity: O(1).
  @inlinable
  public var bytes: MutableRawSpan {
    @_lifetime(&self)
    @inline(__always)
    mutating get {
      // The region is this claim's alone until it ends, and the span's lifetime ends before it.
      let span = unsafe MutableRawSpan(_unsafeBytes: ticket.payload)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// Calls `body` with the claimed bytes and returns what it returns.
  ///
  /// - Throws: What `body` throws. The claim is still open then, and still to be committed or dropped.
  @inlinable
  public mutating func write<Result: ~Copyable, Failure: Error>(
    _ body: (inout MutableRawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var bytes = self.bytes
    return try body(&bytes)
  }

  /// Copies `source` to the start of the claimed bytes. A source longer than the claim is a programmer's error and
  /// traps.
  ///
  /// - Complexity: O(`source.byteCount`).
  @inlinable
  public mutating func copy(from source: RawSpan) {
    // The pointer does not leave the closure.
    unsafe source.withUnsafeBytes { unsafe copy(from: $0) }
  }

  /// Copies `source` to the start of the claimed bytes. A source longer than the claim is a programmer's error and
  /// traps.
  ///
  /// - Complexity: O(`source.count`).
  @inlinable
  public mutating func copy(from source: UnsafeRawBufferPointer) {
    // Checked here, since `copyMemory` checks in debug builds only.
    precondition(source.count <= count, "a copy into a claim is not longer than the claim")
    unsafe ticket.payload.copyMemory(from: source)
  }

  /// Hands the record to the reader. It can be read from now on, once all records before it are committed.
  ///
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public consuming func commit() {
    unsafe ticket.commit()
    discard self
  }

  /// Hands the first `count` bytes to the reader as a record, and the rest back to the ring.
  ///
  /// - Parameter count: In 1 ... `self.count`; anything else is a programmer's error and traps. To hand over nothing,
  ///   drop the claim.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public consuming func commit(count: Int) {
    unsafe ticket.commit(count: count)
    discard self
  }

  /// Takes the obligation to end the claim out of it, for a type that wraps claims and adds to how they end.
  @unsafe
  @inlinable @inline(__always)
  public consuming func _detach() -> _WriteTicket {
    let ticket = unsafe self.ticket
    discard self
    return unsafe ticket
  }
}

/// What a claim is made of, without its guarantees: a wrapper keeps it in place of the claim, because a type that
/// ends by `discard self` can hold only plain values. Exactly one of `commit`, `commit(count:)` and `abandon` is to be
/// called, once, while the writer is alive.
@unsafe
@frozen
public struct _WriteTicket: BitwiseCopyable {
  /// Where the record starts: its length word, zero until the claim ends.
  @usableFromInline let record: UnsafeMutableRawPointer

  /// The bytes claimed, in 1 ... largestRecord.
  public let count: Int

  @inlinable @inline(__always)
  init(record: UnsafeMutableRawPointer, count: Int) {
    unsafe self.record = unsafe record
    unsafe self.count = count
  }

  /// The claimed bytes.
  @inlinable @inline(__always)
  public var payload: UnsafeMutableRawBufferPointer {
    // The claim took `count` bytes behind the length word.
    unsafe UnsafeMutableRawBufferPointer(start: record + _Record.payloadOffset, count: count)
  }

  /// Ends the claim with a record of all its bytes.
  @inlinable @inline(__always)
  public func commit() {
    // The record's words are still the claim's; the length word is its last store.
    unsafe _RingHandle.publish(count, at: record)
  }

  /// Ends the claim with a record of its first `newCount` bytes.
  @inlinable @inline(__always)
  public func commit(count newCount: Int) {
    unsafe precondition(
      newCount > 0 && newCount <= count, "a short commit keeps 1 ... count bytes of its claim")
    let extent = _Record.extent(of: newCount)
    let rest = unsafe _Record.extent(of: count) &- extent
    // The rest starts inside the claim, at a multiple of eight. Its skip goes first, so that the reader, sent there
    // by the record's length word, finds it.
    if rest > 0 { unsafe _RingHandle.publish(_Record.skip(extent: rest), at: record + extent) }
    unsafe _RingHandle.publish(newCount, at: record)
  }

  /// Ends the claim with a skip.
  @inlinable @inline(__always)
  public func abandon() {
    // As in `commit`.
    unsafe _RingHandle.publish(_Record.skip(extent: _Record.extent(of: count)), at: record)
  }
}
