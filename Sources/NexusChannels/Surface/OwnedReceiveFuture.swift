// A held receive that owns its receiver, so that it can be stored.

public import CNexus
public import NexusRT

/// As `ReceiveFuture`, with its receiver inside: it may be kept in a structure and outlive the scope that made it.
///
/// Dropping it takes back what it registered, and then drops the receiver. While something is registered it belongs to the thread
/// that polled it last: elsewhere it traps.
@frozen
@safe
public struct OwnedReceiveFuture<Receiver: ChannelReceiver & ~Copyable>: ~Copyable {
  @usableFromInline var receiver: Receiver
  @usableFromInline var place: Receiver.Core.ReceiverPlace?
  @usableFromInline var token = WakeToken.none
  /// The thread of the last poll: while `place` is set, its loop may look at the channel.
  @usableFromInline var thread: UnsafeMutablePointer<nexus_thread>?

  @inlinable
  init(_ receiver: consuming Receiver) {
    self.receiver = receiver
    place = nil
    unsafe thread = nil
  }

  @inlinable
  deinit {
    guard let place else { return }
    requireThread()
    _ = receiver._core.withdraw(receiver: place, .future, token)
  }

  /// A value of which nothing else is left can be transferred, though it is not Sendable.
  @inlinable @inline(__always)
  func requireThread() {
    if unsafe thread != nexus_thread_get() {
      fatalError(
        "NexusChannels: a receive that was polled was used or dropped on another thread: call withdraw() on the thread that polled it first"
      )
    }
  }

  /// As `ReceiveFuture.poll(waking:)`: the same errors, the same complexity.
  @inlinable
  public mutating func poll(waking token: WakeToken) throws(ReceiveError) -> Receiver.Element? {
    if place != nil { requireThread() }
    var future = unsafe _overrideLifetime(ReceiveFuture(receiver._core), copying: ())
    future.place = place.take()
    future.token = self.token
    let value = try future.poll(waking: token)
    place = future.place.take()
    self.token = token
    unsafe thread = nexus_thread_get()
    return value
  }

  /// Waits for the next value, as `ChannelReceiver.receive` does: the same errors, the same complexity. It may be called again.
  @inlinable
  nonisolated(nonsending) public mutating func value(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Receiver.Element {
    withdraw()
    return try await receiver._core.receive(until: deadline)
  }

  /// Takes back what the last poll registered: as dropping it, but that the receiver stays. O(1), and no value is lost.
  @inlinable
  public mutating func withdraw() {
    guard let place = self.place.take() else { return }
    requireThread()
    _ = receiver._core.withdraw(receiver: place, .future, token)
  }
}

// What it registers is known to the loop of the thread that polled it.
@available(*, unavailable)
extension OwnedReceiveFuture: Sendable {}

extension ChannelReceiver where Self: ~Copyable {
  /// A receive that owns this receiver. O(1), no allocation.
  @inlinable
  public consuming func intoReceiving() -> OwnedReceiveFuture<Self> { OwnedReceiveFuture(self) }
}
