// The sending end of the kinds of channel of which several senders may exist: the same surface, without `mutating`.

public import NexusRT

/// A sender that may be used by several at a time, and so need not be `var`: each of its methods is that of
/// `ChannelSender`, of the same name.
public protocol SharedChannelSender<Element>: ChannelSender, ~Copyable {}

extension SharedChannelSender where Self: ~Copyable {
  // MARK: At once

  /// As the method of `ChannelSender`.
  @inlinable @inline(__always)
  public borrowing func trySend(_ value: consuming Element) throws(SendError<Element>) {
    try _core.trySend(value)
  }

  /// As the method of `ChannelSender`.
  @inlinable
  public borrowing func trySend(contentsOf values: ArraySlice<Element>) -> Int {
    _core.offer(contentsOf: values)
  }

  // MARK: In a task

  /// As the method of `ChannelSender`.
  @inlinable @inline(__always)
  nonisolated(nonsending) public borrowing func send(
    _ value: consuming Element, until deadline: Deadline? = nil
  ) async throws(SendError<Element>) {
    try await _core.send(value, until: deadline)
  }

  /// As the method of `ChannelSender`.
  @inlinable
  nonisolated(nonsending) public borrowing func send(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) async throws(SendError<[Element]>) {
    try await _core.send(contentsOf: values, until: deadline)
  }

  /// As the method of `ChannelSender`.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  nonisolated(nonsending) public borrowing func reserve(
    until deadline: Deadline? = nil
  ) async throws(ReserveError) -> SendPermit<Core> {
    try await _core.reserve(until: deadline)
    return unsafe _overrideLifetime(SendPermit(_core), borrowing: self)
  }

  /// As the method of `ChannelSender`.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func tryReserve() throws(ReserveError) -> SendPermit<Core> {
    try _core.tryReserve()
    return unsafe _overrideLifetime(SendPermit(_core), borrowing: self)
  }

  // MARK: On a plain thread

  /// As the method of `ChannelSender`.
  @inlinable
  public borrowing func sendBlocking(
    _ value: consuming Element, until deadline: Deadline? = nil
  ) throws(SendError<Element>) {
    try _core.sendBlocking(value, until: deadline)
  }

  /// As the method of `ChannelSender`.
  @inlinable
  public borrowing func sendBlocking(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) throws(SendError<[Element]>) {
    try _core.sendBlocking(contentsOf: values, until: deadline)
  }

  /// As the method of `ChannelSender`.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func reserveBlocking(
    until deadline: Deadline? = nil
  ) throws(ReserveError) -> SendPermit<Core> {
    try _core.reserveBlocking(until: deadline)
    return unsafe _overrideLifetime(SendPermit(_core), borrowing: self)
  }
}
