// A send as a value: to be polled, awaited, given to a select, or dropped.

public import NexusRT

/// A send that is held: nothing happens until it is polled, awaited or selected on.
///
/// It borrows its sender. Dropping it, or `cancel`, takes back what it registered before that returns: O(1), however many
/// wait. A send that was polled may have been completed meanwhile: `cancel` tells.
@frozen
@safe
public struct SendFuture<Core: _SenderCore>: ~Copyable, ~Escapable {
  @usableFromInline let core: Core
  /// The value while it is here: not registered and not sent.
  @usableFromInline var value: Core.Element?
  @usableFromInline var place: Core.SenderPlace?
  @usableFromInline var kind = _WaiterKind.future
  @usableFromInline var token = WakeToken.none
  @usableFromInline let anchor = DeinitAnchor()

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ core: Core, _ value: consuming Core.Element) {
    self.core = core
    self.value = value
    place = nil
  }

  @inlinable
  deinit {
    if let place { _ = core.withdraw(sender: place, kind, token) }
  }

  /// Sends if that is possible now. If not, `token` is woken when it is worth polling again, as of
  /// `ReceiveFuture.poll(waking:)`. Those who wait to send keep their turn from poll to poll, and a value may be taken without
  /// another poll.
  ///
  /// - Returns: Whether the value is sent; false: not yet.
  /// - Throws: `SendError.closed` with the value. Traps if polled after that.
  /// - Complexity: O(1), no allocation in steady state.
  @inlinable
  @_lifetime(self: copy self)
  public mutating func poll(waking token: WakeToken) throws(SendError<Core.Element>) -> Bool {
    if let place {
      if core.renew(sender: place, token) {
        self.token = token
        return false
      }
      takeBack()
    }
    guard let value = self.value.take() else {
      precondition(isSent, "a send was polled whose value came back")
      return true
    }
    if core.isClosedForSending {
      core.trapIfClosedIsAnError()
      throw .closed(value)
    }
    switch core.offerOrRegister(value, token, .future) {
    case .sent:
      isSent = true
      return true
    case .closed(let value): throw .closed(value)
    case .lost: fatalError("a future that was polled lost to something else")
    case .registered(let place):
      self.place = place
      self.token = token
      return false
    }
  }

  /// Whether the value went out.
  @usableFromInline var isSent = false

  /// Takes the registration back, and the value if it was not sent.
  @inlinable
  @_lifetime(self: copy self)
  mutating func takeBack() {
    guard let place = self.place.take() else { return }
    value = core.withdraw(sender: place, kind, token)
    isSent = value == nil
  }

  /// Waits until the value is sent, as `ChannelSender.send` does: the same errors, the same complexity. Returns at once if
  /// a poll has sent it.
  ///
  /// One that was polled leaves the line of those who wait, and joins it again at its end.
  @inlinable
  nonisolated(nonsending) public consuming func send(
    until deadline: Deadline? = nil
  ) async throws(SendError<Core.Element>) {
    takeBack()
    guard let value = self.value.take() else { return }
    try await core.send(value, until: deadline)
  }

  /// Gives the send up.
  ///
  /// - Returns: The value, or nil if it was sent.
  /// - Complexity: O(1), however many wait.
  @inlinable
  public consuming func cancel() -> Core.Element? {
    takeBack()
    return value.take()
  }
}

extension ChannelSender where Self: ~Copyable {
  /// A send of `value` as a value itself, that can be polled, awaited or given to `select`. O(1): it does nothing by itself.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func sending(_ value: consuming Element) -> SendFuture<Core> {
    unsafe _overrideLifetime(SendFuture(_core, value), mutating: &self)
  }
}

extension SharedChannelSender where Self: ~Copyable {
  /// As the method of `ChannelSender`; several may be held at a time.
  @inlinable @inline(__always)
  @_lifetime(borrow self)
  public borrowing func sending(_ value: consuming Element) -> SendFuture<Core> {
    unsafe _overrideLifetime(SendFuture(_core, value), borrowing: self)
  }
}
