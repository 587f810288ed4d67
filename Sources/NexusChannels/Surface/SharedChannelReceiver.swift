// The receiving end of the kinds of channel of which several receivers may exist: the same surface, without `mutating`.

public import NexusRT

/// A receiver that may be used by several at a time, and so need not be `var`: each of its methods is that of
/// `ChannelReceiver`, of the same name.
public protocol SharedChannelReceiver<Element>: ChannelReceiver, ~Copyable {}

extension SharedChannelReceiver where Self: ~Copyable {
  // MARK: At once

  /// As the method of `ChannelReceiver`.
  @inlinable @inline(__always)
  public borrowing func tryReceive() throws(ReceiveError) -> Element? {
    switch _core.take() {
    case .value(let value): return value
    case .empty: return nil
    case .closed: throw .closed
    }
  }

  // MARK: In a task

  /// As the method of `ChannelReceiver`.
  @inlinable @inline(__always)
  nonisolated(nonsending) public borrowing func receive(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Element {
    try await _core.receive(until: deadline)
  }

  /// As the method of `ChannelReceiver`.
  @inlinable @inline(__always)
  nonisolated(nonsending) public borrowing func next() async throws(ReceiveError) -> Element? {
    do throws(ReceiveError) {
      return try await _core.receive()
    } catch {
      if error == .closed { return nil }
      throw error
    }
  }

  /// As the method of `ChannelReceiver`.
  @inlinable
  nonisolated(nonsending) public borrowing func receive(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Int {
    try await _core.receive(into: &buffer, atMost: limit, until: deadline)
  }

  // MARK: On a plain thread

  /// As the method of `ChannelReceiver`.
  @inlinable
  public borrowing func receiveBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> Element {
    try _core.receiveBlocking(until: deadline)
  }

  /// As the method of `ChannelReceiver`.
  @inlinable
  public borrowing func receiveBlocking(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) throws(ReceiveError) -> Int {
    try _core.receiveBlocking(into: &buffer, atMost: limit, until: deadline)
  }
}
