// The sending end of a channel, as everybody sees it. Written once for all kinds.

public import NexusRT

/// The end of a channel that sends.
///
/// Every kind of channel has this surface, for tasks (`send`) and plain threads (`sendBlocking`) alike, and generic code
/// may be written against it: specialised, it costs what the kind's own type costs. Conformed to by this library's
/// senders. Those of which several may exist are `SharedChannelSender`s: they need not be `var`.
///
/// The channel closes when its last sender goes: the receiver drains it and is told.
public protocol ChannelSender<Element>: ~Copyable {
  associatedtype Element
  associatedtype Core: _SenderCore<Element>
  var _core: Core { get }
}

extension ChannelSender where Self: ~Copyable {
  // MARK: At once

  /// Sends if there is room now.
  ///
  /// - Throws: `SendError.full` or `.closed`, with the value.
  /// - Complexity: O(1), no allocation, no system call but to wake a receiver that sleeps. From tasks and threads alike.
  @inlinable @inline(__always)
  public mutating func trySend(_ value: consuming Element) throws(SendError<Element>) {
    try _core.trySend(value)
  }

  /// Sends as many of the first `values` as there is room for, with one wake of a waiting receiver.
  ///
  /// - Returns: How many; 0 if there is no room or the channel is closed: `isClosed` tells.
  /// - Complexity: O(values sent), otherwise as `trySend`. From tasks and threads alike.
  @inlinable
  public mutating func trySend(contentsOf values: ArraySlice<Element>) -> Int {
    _core.offer(contentsOf: values)
  }

  // MARK: In a task

  /// Sends; waits while the channel is full. From a task of a runtime.
  ///
  /// Senders that wait are served in the order in which they came. Room that is there is taken without a look at
  /// cancellation. A send that was accepted before its cancellation returns; one that was not throws and gives the value
  /// back: which of the two is never in doubt.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `SendError.closed` (also when that happens while this waits), `.cancelled` or `.timedOut`, with the value.
  /// - Complexity: O(1), no allocation in steady state. Suspends only
  ///   if the channel is full.
  @inlinable @inline(__always)
  nonisolated(nonsending) public mutating func send(
    _ value: consuming Element, until deadline: Deadline? = nil
  ) async throws(SendError<Element>) {
    try await _core.send(value, until: deadline)
  }

  /// Sends all of `values` in order; waits while there is no room. Others' values may come in between.
  ///
  /// - Parameter deadline: When to give up waiting, for all of them together; nil is never.
  /// - Throws: As `send`, with those that were not sent. Those before them are, and stay so.
  /// - Complexity: O(values).
  @inlinable
  nonisolated(nonsending) public mutating func send(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) async throws(SendError<[Element]>) {
    try await _core.send(contentsOf: values, until: deadline)
  }

  /// Room for one value, to be sent later without waiting: nothing has to be made that could not be sent.
  ///
  /// Waits in line with those who send, and looks at cancellation as `send` does. In a rendezvous it waits for a receiver.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `ReserveError.closed`, `.cancelled` or `.timedOut`: nothing is set aside then.
  /// - Complexity: As `send`.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func reserve(
    until deadline: Deadline? = nil
  ) async throws(ReserveError) -> SendPermit<Core> {
    try await _core.reserve(until: deadline)
    return unsafe _overrideLifetime(SendPermit(_core), mutating: &self)
  }

  /// As `reserve`, without waiting.
  ///
  /// - Throws: `ReserveError.full` or `.closed`.
  /// - Complexity: O(1), no allocation, no system call. From tasks and threads alike.
  @inlinable
  @_lifetime(&self)
  public mutating func tryReserve() throws(ReserveError) -> SendPermit<Core> {
    try _core.tryReserve()
    return unsafe _overrideLifetime(SendPermit(_core), mutating: &self)
  }

  // MARK: On a plain thread

  /// As `send`, on a plain thread: spins for some microseconds while the channel is full, then parks the thread.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  ///
  /// - Throws: `SendError.closed` or `.timedOut`, with the value. A thread is not cancelled: a deadline or a close ends the
  ///   wait.
  @inlinable
  public mutating func sendBlocking(
    _ value: consuming Element, until deadline: Deadline? = nil
  ) throws(SendError<Element>) {
    try _core.sendBlocking(value, until: deadline)
  }

  /// As `send(contentsOf:)`, on a plain thread, where it waits, throws and traps as `sendBlocking(_:)`.
  @inlinable
  public mutating func sendBlocking(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) throws(SendError<[Element]>) {
    try _core.sendBlocking(contentsOf: values, until: deadline)
  }

  /// As `reserve`, on a plain thread, where it waits and traps as `sendBlocking(_:)`.
  ///
  /// - Throws: `ReserveError.closed` or `.timedOut`.
  @inlinable
  @_lifetime(&self)
  public mutating func reserveBlocking(
    until deadline: Deadline? = nil
  ) throws(ReserveError) -> SendPermit<Core> {
    try _core.reserveBlocking(until: deadline)
    return unsafe _overrideLifetime(SendPermit(_core), mutating: &self)
  }

  // MARK: Asking

  /// Values that wait to be received. Out of date as soon as it is known, if others use the channel. O(1).
  @inlinable public var count: Int { _core.count }

  /// The most values that wait in the channel; nil if there is no bound.
  @inlinable public var capacity: Int? { _core.capacity }

  /// Whether every send fails from now on.
  @inlinable public var isClosed: Bool { _core.isClosedForSending }
}

extension _SenderCore {
  @inlinable @inline(__always)
  func trySend(_ value: consuming Element) throws(SendError<Element>) {
    switch offer(value) {
    case .sent: return
    case .full(let value): throw .full(value)
    case .closed(let value): throw .closed(value)
    }
  }

  @inlinable
  func tryReserve() throws(ReserveError) {
    switch reserve() {
    case .sent: return
    case .full: throw .full
    case .closed: throw .closed
    }
  }
}
