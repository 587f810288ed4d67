// The sending end of a byte channel, in tasks and in plain threads.

public import LogBuf
public import NexusRT

/// An end of a byte channel that claims room for records. Its kinds are `SPSCBytes.Sender` and `MPSCBytes.Sender`.
///
/// A sender can be moved to another task or thread; only the one of `MPSCBytes` can be cloned. Once all senders of a
/// channel are gone its receiver gets what was committed, then `closed`.
@frozen
public struct BytesSender<Writer: _BytesWriter & ~Copyable>: ~Copyable, Sendable {
  @usableFromInline var writer: Writer
  @usableFromInline let signals: BytesSignals

  @inlinable
  init(writer: consuming Writer, signals: BytesSignals) {
    self.writer = writer
    self.signals = signals
  }

  @inlinable
  deinit {
    writer.close()
    signals.senderLeft()
  }

  /// Closes this sender now: the same as dropping it, said aloud.
  @inlinable
  public consuming func close() {}
}

// MARK: At once

extension BytesSender where Writer: ~Copyable {
  /// Claims room for a record of `count` bytes, if there is room now. From tasks and threads alike.
  ///
  /// - Parameter count: The payload in bytes. Zero or less is a programmer's error and traps.
  /// - Throws: `BytesClaimError.tooLarge` when `count` exceeds `largestRecord`, `.closed` when the receiver is gone, `.full`
  ///   when there is no room at the moment, or others wait for room: it is theirs first.
  /// - Complexity: O(1), no allocation, no system call.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryClaim(_ count: Int) throws(BytesClaimError) -> BytesClaim {
    if signals.hasWaitingSenders { throw refusalBehindOthers(of: count) }
    guard let ticket = unsafe try tryNow(count) else { throw .full }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }

  /// Claims unless there is no room or others wait for it: nil then.
  @inlinable @inline(__always)
  mutating func tryInTurn(_ count: Int) throws(BytesClaimError) -> _WriteTicket? {
    if signals.hasWaitingSenders { return nil }
    return unsafe try tryNow(count)
  }

  /// Claims unless there is no room: nil then.
  @inlinable @inline(__always)
  mutating func tryNow(_ count: Int) throws(BytesClaimError) -> _WriteTicket? {
    do throws(ClaimError) {
      return unsafe try writer._tryTicket(count)
    } catch {
      switch error {
      case .tooLarge(let limit): throw .tooLarge(limit: limit)
      case .closed, .full: throw .closed  // `full` is nil, never thrown.
      }
    }
  }
}

// MARK: In a task

extension BytesSender where Writer: ~Copyable {
  /// Claims room for a record of `count` bytes; waits while there is none. From a task of a runtime.
  ///
  /// Those who wait are served in the order in which they came. Room that is there is taken without a look at
  /// cancellation. A loop that always finds room yields to other tasks now and then.
  ///
  /// - Parameters:
  ///   - count: The payload in bytes. Zero or less is a programmer's error and traps.
  ///   - deadline: When to give up waiting; nil is never.
  /// - Throws: `BytesClaimError.tooLarge`, `.closed` (also when the receiver goes while this waits), `.cancelled` when the
  ///   task or a cancel scope around it is cancelled, before it must wait or while it waits, `.timedOut`. Nothing is
  ///   claimed then.
  /// - Complexity: O(1), no allocation in steady state. Suspends only if
  ///   the ring is full, and for that yield.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func claim(
    _ count: Int, until deadline: Deadline? = nil
  ) async throws(BytesClaimError) -> BytesClaim {
    let ticket: _WriteTicket
    if !Budget.isSpent(by: "claim"), let free = unsafe try tryInTurn(count) {
      unsafe ticket = unsafe free
    } else {
      unsafe ticket = unsafe try await yieldOrWaitForRoom(count, until: deadline)
    }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }
}

// MARK: On a plain thread

extension BytesSender where Writer: ~Copyable {
  /// As `claim`, on a plain thread: spins for some microseconds while the ring is full, then parks the thread.
  ///
  /// - Throws: `BytesClaimError.tooLarge`, `.closed` and `.timedOut`.
  ///
  /// Traps on a runtime's thread when it would have to wait: that would block all of its tasks.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func claimBlocking(
    _ count: Int, until deadline: Deadline? = nil
  ) throws(BytesClaimError) -> BytesClaim {
    let ticket: _WriteTicket
    if let free = unsafe try tryInTurn(count) {
      unsafe ticket = unsafe free
    } else {
      unsafe ticket = unsafe try parkForRoom(count, until: deadline)
    }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }
}

// MARK: Asking

extension BytesSender where Writer: ~Copyable {
  /// The size of the ring in bytes, a power of two.
  @inlinable
  public var capacity: Int { writer.capacity }

  /// The largest record that can be claimed, in payload bytes.
  @inlinable
  public var largestRecord: Int { writer.largestRecord }

  /// Bytes of the ring in use, claims that are not committed yet included. Out of date as soon as it is known.
  @inlinable
  public var bytesInUse: Int { writer.bytesInUse }

  /// Whether the receiver is gone: every claim throws `closed` from now on.
  @inlinable
  public var isClosed: Bool { writer.isReaderGone }
}
