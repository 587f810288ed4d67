// The receiving end of a byte channel, in tasks and in plain threads.

public import LogBuf
public import NexusRT

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

// MARK: At once

extension BytesReceiver {
  /// The next record, if there is one now; nil if there is none yet. From tasks and threads alike.
  ///
  /// Bind it with `var` (`if var record = ...`): see `BytesRecord.bytes`.
  ///
  /// - Throws: `ReceiveError.closed` once all senders are gone and every record was received.
  /// - Complexity: O(1), no allocation, no system call but to wake a sender that sleeps.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryReceive() throws(ReceiveError) -> BytesRecord? {
    guard let ticket = unsafe try takeOrClosed() else { return nil }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
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
    if hasRecord { return true }
    if reader.isClosed { throw .closed }
    return false
  }

  /// Whether there is a record now; gives back the room of skips before it.
  @inlinable
  var hasRecord: Bool {
    @inline(__always) mutating get {
      let freed = reader.bytesFreed
      let hasRecord = reader.hasRecord
      if reader.bytesFreed != freed { signals.roomFreed() }
      return hasRecord
    }
  }
}

// MARK: In a task

extension BytesReceiver {
  /// The next record; waits while there is none. From a task of a runtime.
  ///
  /// A record that is there is given without a look at cancellation, and none is ever lost: one that is not returned is
  /// still in the channel. A loop that always finds one yields to other tasks now and then.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `ReceiveError.closed` once all senders are gone and every record was received; `.cancelled` if the task or a
  ///   cancel scope around it is cancelled, before it must wait or while it waits; `.timedOut`.
  /// - Complexity: O(1), no allocation. Suspends only if the ring is
  ///   empty, and for that yield.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func receive(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> BytesRecord {
    let ticket: _ReadTicket
    if !Budget.isSpent(by: "receive"), let ready = unsafe try takeOrClosed() {
      unsafe ticket = unsafe ready
    } else {
      unsafe ticket = unsafe try await yieldOrWaitToTake(until: deadline)
    }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
  }

  /// The next record, or nil once all senders are gone and every record was received: `while var record = try await
  /// receiver.next()`.
  ///
  /// - Throws: `ReceiveError.cancelled`, as `receive`. Otherwise as `receive`.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func next() async throws(ReceiveError) -> BytesRecord? {
    let ticket: _ReadTicket
    do throws(ReceiveError) {
      if !Budget.isSpent(by: "next"), let ready = unsafe try takeOrClosed() {
        unsafe ticket = unsafe ready
      } else {
        unsafe ticket = unsafe try await yieldOrWaitToTake(until: nil)
      }
    } catch {
      if error == .closed { return nil }
      throw error
    }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
  }

  /// All records there are; waits while there is none. They are given back together, when the batch ends.
  ///
  /// - Throws: As `receive`.
  /// - Complexity: As `receive`.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func receiveBatch(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> BytesBatch {
    let mustYield = Budget.isSpent(by: "receiveBatch")
    // Not with `||`: its autoclosure loses the error's type.
    if try mustYield ? true : !hasRecordOrClosed() { try await yieldOrWaitUntilReady(until: deadline) }
    return batch()
  }

  @inlinable @inline(__always)
  @_lifetime(&self)
  mutating func batch() -> BytesBatch {
    let signals = unsafe Unmanaged.passUnretained(self.signals)
    // Sound: bound to the reader alone it would be bound again, to all of `self`, in the next line.
    let batch = unsafe _overrideLifetime(reader.batch(), copying: ())
    return unsafe _overrideLifetime(BytesBatch(batch, signals), mutating: &self)
  }
}

// MARK: On a plain thread

extension BytesReceiver {
  /// As `receive`, on a plain thread: spins for some microseconds while there is no record, then parks the thread.
  ///
  /// - Throws: `ReceiveError.closed` or `.timedOut`.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func receiveBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> BytesRecord {
    let ticket: _ReadTicket
    if let ready = unsafe try takeOrClosed() {
      unsafe ticket = unsafe ready
    } else {
      unsafe ticket = unsafe try parkToTake(until: deadline)
    }
    return unsafe _overrideLifetime(BytesRecord(ticket, signals), mutating: &self)
  }

  /// As `receiveBatch`, on a plain thread.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func receiveBatchBlocking(until deadline: Deadline? = nil) throws(ReceiveError)
    -> BytesBatch
  {
    if try !hasRecordOrClosed() { try parkUntilReady(until: deadline) }
    return batch()
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

  /// Bytes of the ring in use, claims that are not committed yet included. Out of date as soon as it is known.
  @inlinable
  public var bytesInUse: Int { reader.bytesInUse }

  /// Whether there is no record to receive now.
  @inlinable
  public var isEmpty: Bool { mutating get { !hasRecord } }

  /// Whether all senders are gone and every record was received.
  @inlinable
  public var isClosed: Bool { mutating get { reader.isClosed } }
}
