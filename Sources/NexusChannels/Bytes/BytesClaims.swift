// What a byte channel lends: room for a record to a sender, a record or several to the receiver. Each is a claim of the
// ring below that, when it ends, also wakes whoever waits for that.

public import LogBuf

/// Room for one record, on its way from a sender to the receiver.
///
/// A claim borrows its sender: two claims of one sender, or a claim that outlives it, do not compile. Dropping a claim
/// leaves a skip, which the receiver never sees. Do not wait for anything between a claim and its commit: with several
/// senders all later records wait behind it.
@frozen
@safe
public struct BytesClaim: ~Copyable, ~Escapable {
  @usableFromInline let ticket: _WriteTicket
  // Unmanaged: the sender that this claim borrows holds the signals.
  @usableFromInline let signals: Unmanaged<BytesSignals>

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ ticket: _WriteTicket, _ signals: BytesSignals) {
    unsafe self.ticket = unsafe ticket
    unsafe self.signals = Unmanaged.passUnretained(signals)
  }

  @inlinable @inline(__always)
  deinit {
    unsafe ticket.abandon()
    // A skip can be all that stands before another sender's record.
    unsafe signals._withUnsafeGuaranteedRef { $0.recordCommitted() }
  }

  /// The bytes claimed.
  @inlinable
  public var count: Int { unsafe ticket.count }

  /// The claimed bytes, aligned to eight. They are zero until something is written.
  @inlinable
  public var bytes: MutableRawSpan {
    @_lifetime(&self)
    @inline(__always)
    mutating get {
      // Sound: the region is this claim's alone until it ends, and the span's lifetime ends before it.
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

  /// Copies `source` to the start of the claimed bytes. A source longer than the claim is a programmer's error and traps.
  ///
  /// - Complexity: O(`source.byteCount`).
  @inlinable
  public mutating func copy(from source: RawSpan) {
    precondition(source.byteCount <= count, "a copy into a claim is not longer than the claim")
    // Sound: the pointer does not leave the closure, and the length was checked.
    unsafe source.withUnsafeBytes { unsafe ticket.payload.copyMemory(from: $0) }
  }

  /// Hands the record to the receiver, and wakes it if it waits.
  ///
  /// - Complexity: O(1). A system call only if the receiver's runtime is another thread's and parked.
  @inlinable @inline(__always)
  public consuming func commit() {
    unsafe ticket.commit()
    unsafe signals._withUnsafeGuaranteedRef { $0.recordCommitted() }
    discard self
  }

  /// Hands the first `count` bytes to the receiver as a record, and the rest back to the ring.
  ///
  /// - Parameter count: In 1 ... `self.count`; anything else is a programmer's error and traps. To hand over nothing,
  ///   drop the claim.
  /// - Complexity: As `commit()`.
  @inlinable @inline(__always)
  public consuming func commit(count: Int) {
    unsafe ticket.commit(count: count)
    unsafe signals._withUnsafeGuaranteedRef { $0.recordCommitted() }
    discard self
  }
}

/// One received record, borrowed from the ring; its room is given back when it ends.
///
/// A record borrows its receiver: the next one can be received once this one has ended.
@frozen
@safe
public struct BytesRecord: ~Copyable, ~Escapable {
  @usableFromInline let ticket: _ReadTicket
  // Unmanaged: the receiver that this record borrows holds the signals.
  @usableFromInline let signals: Unmanaged<BytesSignals>

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ ticket: _ReadTicket, _ signals: BytesSignals) {
    unsafe self.ticket = unsafe ticket
    unsafe self.signals = Unmanaged.passUnretained(signals)
  }

  @inlinable @inline(__always)
  deinit {
    unsafe ticket.free()
    unsafe signals._withUnsafeGuaranteedRef { $0.roomFreed() }
  }

  /// The record's size in bytes, at least 1.
  @inlinable
  public var count: Int { unsafe ticket.payload.count }

  /// The record's bytes, aligned to eight.
  ///
  /// The getter is mutating, so a record is bound with `var`. It changes nothing; but Swift 6.3 allocates a box for a
  /// noncopyable `let` whose span is taken, and none for a `var`. With a `let`, use `withBytes`.
  @inlinable
  public var bytes: RawSpan {
    @_lifetime(&self)
    @inline(__always)
    mutating get {
      // Sound: the record is the receiver's until this ends, and the span's lifetime ends before it.
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
    // Sound: the span can not leave the closure.
    try body(unsafe RawSpan(_unsafeBytes: ticket.payload))
  }

  /// Gives the record's room back now instead of at the end of the scope.
  @inlinable
  public consuming func free() {}
}

/// The records that were there when it was received, one after the other; their room is given back together.
@frozen
@safe
public struct BytesBatch: ~Copyable, ~Escapable {
  @usableFromInline var batch: ReadBatch
  // Unmanaged: the receiver that this batch borrows holds the signals.
  @usableFromInline let signals: Unmanaged<BytesSignals>

  @inlinable @inline(__always)
  @_lifetime(copy batch)
  init(_ batch: consuming ReadBatch, _ signals: Unmanaged<BytesSignals>) {
    self.batch = batch
    unsafe self.signals = signals
  }

  @inlinable @inline(__always)
  deinit {
    batch.free()
    unsafe signals._withUnsafeGuaranteedRef { $0.roomFreed() }
  }

  /// The next record's bytes, aligned to eight; nil when there is none now. One that is committed meanwhile counts.
  ///
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func next() -> RawSpan? { batch.next() }
}
