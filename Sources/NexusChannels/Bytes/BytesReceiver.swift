// The receiving end of a byte channel.

internal import CNexus
public import LogBuf
internal import NexusRT

/// The end of a byte channel that receives its records, in the order in which they were claimed.
///
/// It can be moved to another task or thread. When it goes, pending and later claims throw `closed`.
@frozen
public struct BytesReceiver: ~Copyable, Sendable {
  @usableFromInline var reader: LogReader
  @usableFromInline let signals: BytesSignals

  @inlinable
  init(reader: consuming LogReader, signals: BytesSignals) {
    self.reader = reader
    self.signals = signals
  }

  @inlinable
  deinit {
    reader.close()
    signals.receiverLeft()
  }

  /// Closes the channel from this side now: the same as dropping the receiver, said aloud.
  @inlinable
  public consuming func close() {}
}

// MARK: Receiving

extension BytesReceiver {
  /// The next record, if there is one now; nil if there is none yet. From tasks and threads alike.
  ///
  /// Bind it with `var` (`if var record = ...`): see `BytesRecord.bytes`.
  ///
  /// - Throws: `ReceiveError.closed` once all senders are gone and every record was received.
  /// - Complexity: O(1), no allocation, no system call.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReceive() throws(ReceiveError) -> BytesRecord? {
    guard let ticket = unsafe try takeOrClosed() else { return nil }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
  }

  /// The next record; waits while there is none.
  ///
  /// - Throws: `ReceiveError.closed` once all senders are gone and every record was received; `.cancelled` when the task
  ///   is cancelled before it must wait or while it waits. A record that is there is given without a look at that,
  ///   and none is ever lost.
  /// - Complexity: O(1), no allocation; suspends only when the ring is empty.
  ///
  /// From a task of a runtime.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func receive() async throws(ReceiveError) -> BytesRecord {
    let ticket: _ReadTicket
    if let ready = unsafe try takeOrClosed() {
      unsafe ticket = unsafe ready
    } else {
      unsafe ticket = unsafe try await waitToTake()
    }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
  }

  /// All records there are; waits while there is none. They are given back together, when the batch ends.
  ///
  /// - Throws: As `receive()`.
  /// - Complexity: As `receive()`.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func receiveBatch() async throws(ReceiveError) -> BytesBatch {
    if try !hasRecordOrClosed() { try await waitUntilReady() }
    let signals = unsafe Unmanaged.passUnretained(self.signals)
    // Sound: bound to the reader alone it would be bound again, to all of `self`, in the next line.
    let batch = unsafe _overrideLifetime(reader.batch(), copying: ())
    return unsafe _overrideLifetime(BytesBatch(batch, signals), mutating: &self)
  }

  @inlinable @inline(__always)
  mutating func takeOrClosed() throws(ReceiveError) -> _ReadTicket? {
    let freed = reader.bytesFreed
    if let record = reader.tryRead() { return unsafe record._detach() }
    // Skips that were passed over: their room is news to waiting senders.
    if reader.bytesFreed != freed { signals.roomFreed() }
    if reader.isClosed { throw .closed }
    return nil
  }

  @inlinable @inline(__always)
  mutating func hasRecordOrClosed() throws(ReceiveError) -> Bool {
    let freed = reader.bytesFreed
    if reader.hasRecord { return true }
    if reader.bytesFreed != freed { signals.roomFreed() }
    if reader.isClosed { throw .closed }
    return false
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func waitToTake() async throws(ReceiveError) -> _ReadTicket {
    while true {
      try await waitForRecord()
      if let ticket = unsafe try takeOrClosed() { return unsafe ticket }
    }
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func waitUntilReady() async throws(ReceiveError) {
    repeat { try await waitForRecord() } while try !hasRecordOrClosed()
  }

  /// Suspends until there is something to look at: a record, or the end of the last sender. May return early.
  nonisolated(nonsending) private mutating func waitForRecord() async throws(ReceiveError) {
    let wait = Wait(for: "receive")
    signals.announce(receiver: wait.token)
    // Announced before the last look: pairs with the fence of those who commit or leave (`recordCommitted`).
    nexus_full_fence()
    if reader.areWritersGone || reader.hasRecord {
      signals.announce(receiver: .none)
      wait.giveUp()
      return
    }
    let wasWoken = await wait.suspend()
    signals.announce(receiver: .none)
    if !wasWoken { throw .cancelled }
  }
}

// MARK: Asking

extension BytesReceiver {
  /// The size of the ring in bytes, a power of two.
  @inlinable
  public var capacity: Int { reader.capacity }

  /// The largest record that can come, in payload bytes.
  @inlinable
  public var largestRecord: Int { reader.largestRecord }

  /// Bytes of the ring in use. Out of date as soon as it is known.
  @inlinable
  public var bytesInUse: Int { reader.bytesInUse }

  /// Whether all senders are gone and every record was received.
  @inlinable
  public var isClosed: Bool { mutating get { reader.isClosed } }
}
