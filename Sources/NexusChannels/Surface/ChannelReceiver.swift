// The receiving end of a channel, as everybody sees it. Written once for all kinds.

public import NexusRT

/// The end of a channel that receives its values.
///
/// Every kind of channel has this surface, for tasks (`receive`) and plain threads (`receiveBlocking`) alike, and
/// generic code may be written against it: specialised, it costs what the kind's own type costs. Conformed to by
/// this library's receivers.
///
/// One task or thread at a time uses a receiver; the kinds that allow several clone it. A receiver that goes closes
/// the channel once it is the last: values that were not received are deinitialised, and senders get theirs back.
public protocol ChannelReceiver<Element>: ~Copyable {
  associatedtype Element
  associatedtype Core: _ReceiverCore<Element>
  var _core: Core { get }
}

extension ChannelReceiver where Self: ~Copyable {
  // MARK: At once

  /// The next value if there is one now; nil if there is none yet.
  ///
  /// - Throws: `ReceiveError.closed` once the channel is closed, or all senders are gone, and everything was received.
  /// - Complexity: O(1), no allocation, no system call but to wake a sender that sleeps. From tasks and threads alike.
  @inlinable @inline(__always)
  public mutating func tryReceive() throws(ReceiveError) -> Element? {
    switch _core.take() {
    case .value(let value): return value
    case .empty: return nil
    case .closed: throw .closed
    }
  }

  // MARK: In a task

  /// The next value; waits while there is none. From a task of a runtime.
  ///
  /// A value that is there is given without a look at cancellation, and none is ever lost: one that is not returned is
  /// still in the channel. A loop that always finds something yields to other tasks now and then.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `ReceiveError.closed` as `tryReceive`; `.cancelled` if the task or a cancel scope around it is
  ///   cancelled, before it must wait or while it waits; `.timedOut`.
  /// - Complexity: O(1), no allocation in steady state. Suspends only
  ///   if there is no value.
  @inlinable @inline(__always)
  nonisolated(nonsending) public mutating func receive(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Element {
    try await _core.receive(until: deadline)
  }

  /// The next value, or nil once the channel is closed and everything was received: `while let value = try await
  /// receiver.next()`.
  ///
  /// - Throws: `ReceiveError.cancelled`, as `receive`. Otherwise as `receive`, its complexity too.
  @inlinable @inline(__always)
  nonisolated(nonsending) public mutating func next() async throws(ReceiveError) -> Element? {
    do throws(ReceiveError) {
      return try await _core.receive()
    } catch {
      if error == .closed { return nil }
      throw error
    }
  }

  /// Moves the values there are to the end of `buffer`, `limit` at most; waits while there is none.
  ///
  /// One look at the channel and one wake of a waiting sender for all of them.
  ///
  /// - Parameters:
  ///   - buffer: Reserve its capacity, and nothing is allocated.
  ///   - limit: At least 1; anything less traps.
  ///   - deadline: When to give up waiting for the first one; nil is never.
  /// - Returns: How many, at least 1.
  /// - Throws: As `receive`; `buffer` is unchanged then.
  /// - Complexity: O(values moved). Suspends only if there is no value; does not wait for more than one.
  @inlinable
  nonisolated(nonsending) public mutating func receive(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Int {
    try await _core.receive(into: &buffer, atMost: limit, until: deadline)
  }

  // MARK: On a plain thread

  /// As `receive`, on a plain thread: spins for some microseconds while there is no value, then parks the thread.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  ///
  /// - Throws: `ReceiveError.closed` or `.timedOut`. A thread is not cancelled: a deadline or a close ends the wait.
  @inlinable
  public mutating func receiveBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> Element {
    try _core.receiveBlocking(until: deadline)
  }

  /// As `receive(into:atMost:)`, on a plain thread, where it waits, throws and traps as `receiveBlocking(until:)`.
  @inlinable
  public mutating func receiveBlocking(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) throws(ReceiveError) -> Int {
    try _core.receiveBlocking(into: &buffer, atMost: limit, until: deadline)
  }

  // MARK: Asking

  /// Values that can be received now. Out of date as soon as it is known, if others use the channel. O(1).
  @inlinable public var count: Int { _core.count }

  /// Whether there is nothing to receive now.
  @inlinable public var isEmpty: Bool { _core.count == 0 }

  /// The most values that wait in the channel; nil if there is no bound.
  @inlinable public var capacity: Int? { _core.capacity }

  /// Whether no value will be sent any more. There may be some to receive still.
  @inlinable public var isClosed: Bool { _core.isClosedForReceiving }
}
