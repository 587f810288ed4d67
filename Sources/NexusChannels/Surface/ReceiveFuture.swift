// A receive as a value: to be polled, awaited, given to a select, or dropped.

public import NexusRT

/// A receive that is held: nothing happens until it is polled, awaited or selected on.
///
/// It borrows its receiver. Dropping it takes back what it registered before the drop returns: O(1), however many wait,
/// and no value is lost.
@frozen
@safe
public struct ReceiveFuture<Core: _ReceiverCore>: ~Copyable, ~Escapable {
  @usableFromInline let core: Core
  @usableFromInline var place: Core.ReceiverPlace?
  @usableFromInline var kind = _WaiterKind.future
  @usableFromInline var token = WakeToken.none
  @usableFromInline let anchor = DeinitAnchor()

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ core: Core) {
    self.core = core
    place = nil
  }

  @inlinable
  deinit {
    if let place { _ = core.withdraw(receiver: place, kind, token) }
  }

  /// The next value if there is one now. If not, `token` is woken when it is worth polling again: only the one of the last
  /// poll is, and only while the wait that it names lasts.
  ///
  /// ```swift
  /// let wait = Wait(for: "either")
  /// if let value = try future.poll(waking: wait.token) { wait.giveUp() } else { _ = await wait.suspend() }
  /// ```
  ///
  /// Once it gave a value it may be polled again, for the next one.
  ///
  /// - Throws: `ReceiveError.closed`.
  /// - Complexity: O(1), no allocation in steady state.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func poll(waking token: WakeToken) throws(ReceiveError) -> Core.Element? {
    let taken = core.take()
    withdraw()
    switch taken {
    case .value(let value): return value
    case .closed: throw .closed
    case .empty: break
    }
    switch core.takeOrRegister(token, .future) {
    case .value(let value): return value
    case .closed: throw .closed
    case .lost: fatalError("a future that was polled lost to something else")
    case .registered(let place):
      self.place = place
      self.token = token
      return nil
    }
  }

  /// Waits for the value, as `ChannelReceiver.receive` does: the same errors, the same complexity.
  @inlinable
  nonisolated(nonsending) public consuming func value(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Core.Element {
    withdraw()
    return try await core.receive(until: deadline)
  }

  @inlinable
  @_lifetime(self: copy self)
  mutating func withdraw() {
    guard let place = self.place.take() else { return }
    _ = core.withdraw(receiver: place, kind, token)
  }
}

extension ChannelReceiver where Self: ~Copyable {
  /// The next receive as a value that can be polled, awaited or given to `select`. O(1): it does nothing by itself.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func receiving() -> ReceiveFuture<Core> {
    unsafe _overrideLifetime(ReceiveFuture(_core), mutating: &self)
  }
}

extension SharedChannelReceiver where Self: ~Copyable {
  /// As the method of `ChannelReceiver`; several may be held at a time.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public borrowing func receiving() -> ReceiveFuture<Core> {
    unsafe _overrideLifetime(ReceiveFuture(_core), borrowing: self)
  }
}
