// One record, borrowed from the ring. When the borrow ends the bytes are zeroed and given back, in that order, so
// that the writer who gets them finds "not committed" wherever its records will start.

/// Shared access to the bytes of one record, which are freed when the claim ends.
///
/// A claim borrows its reader: the next record can be read once this one has ended.
@frozen
@safe
public struct ReadClaim: ~Copyable, ~Escapable {
  @usableFromInline let ticket: _ReadTicket

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ ticket: _ReadTicket) { unsafe self.ticket = unsafe ticket }

  @inlinable @inline(__always)
  deinit { unsafe ticket.free() }
}

extension ReadClaim {
  /// The record's size in bytes, at least 1.
  @inlinable
  public var count: Int { unsafe ticket.found.count }

  /// The record's bytes, aligned to eight.
  ///
  /// The getter is mutating, so a claim is bound with `var`, as in `while var record = reader.tryRead()`. It changes
  /// nothing; but Swift 6.3 allocates a box for a noncopyable `let` whose span is taken, and none for a `var`. With a
  /// `let`, use `withBytes`.
  ///
  /// - Complexity: O(1).
  @inlinable
  public var bytes: RawSpan {
    @_lifetime(&self)
    @inline(__always)
    mutating get {
      // The record is the reader's until this claim ends, and the span's lifetime ends before it.
      let span = unsafe RawSpan(_unsafeBytes: ticket.payload)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// Calls `body` with the record's bytes and returns what it returns.
  ///
  /// - Throws: What `body` throws.
  @inlinable @inline(__always)
  public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The span cannot leave the closure.
    try body(unsafe RawSpan(_unsafeBytes: ticket.payload))
  }

  /// Gives the bytes back now instead of at the end of the scope.
  ///
  /// - Complexity: O(`count`).
  @inlinable @inline(__always)
  public consuming func free() {
    unsafe ticket.free()
    discard self
  }

  /// Takes the obligation to end the claim out of it, for a type that wraps claims and adds to how they end.
  @unsafe
  @inlinable @inline(__always)
  public consuming func _detach() -> _ReadTicket {
    let ticket = unsafe self.ticket
    discard self
    return unsafe ticket
  }
}

/// What a claim is made of, without its guarantees, for wrappers (see `_WriteTicket`). `free` is to be called exactly
/// once, before the reader is used again and while it is alive.
@unsafe
@frozen
public struct _ReadTicket: BitwiseCopyable {
  @usableFromInline let ring: _RingHandle
  @usableFromInline let found: _Found

  @inlinable @inline(__always)
  init(ring: _RingHandle, found: _Found) {
    unsafe self.ring = ring
    unsafe self.found = found
  }

  /// The record's bytes.
  @inlinable @inline(__always)
  public var payload: UnsafeRawBufferPointer { unsafe ring.payload(of: found) }

  /// Zeroes the record and gives its bytes back to the writers.
  @inlinable @inline(__always)
  public func free() {
    unsafe ring.giveBack(upTo: ring.clear(found))
  }
}
