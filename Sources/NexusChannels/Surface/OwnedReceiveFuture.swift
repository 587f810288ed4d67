// A held receive that owns its receiver, so that it can be stored.

public import NexusRT

/// As `ReceiveFuture`, with its receiver inside: it may be kept in a structure and outlive the scope that made it.
///
/// Dropping it takes back what it registered, and then drops the receiver.
@frozen
@safe
public struct OwnedReceiveFuture<Receiver: ChannelReceiver & ~Copyable>: ~Copyable {
  @usableFromInline var receiver: Receiver
  @usableFromInline var place: Receiver.Core.ReceiverPlace?
  @usableFromInline var token = WakeToken.none

  @inlinable
  init(_ receiver: consuming Receiver) {
    self.receiver = receiver
    place = nil
  }

  @inlinable
  deinit {
    if let place { _ = receiver._core.withdraw(receiver: place, .future, token) }
  }

  /// As `ReceiveFuture.poll(waking:)`: the same errors, the same complexity.
  @inlinable
  public mutating func poll(waking token: WakeToken) throws(ReceiveError) -> Receiver.Element? {
    var future = unsafe _overrideLifetime(ReceiveFuture(receiver._core), copying: ())
    future.place = place.take()
    future.token = self.token
    let value = try future.poll(waking: token)
    place = future.place.take()
    self.token = token
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
