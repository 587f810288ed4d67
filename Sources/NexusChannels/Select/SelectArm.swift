// What can be an arm of a select.

public import NexusRT

/// What registering an arm gave.
@frozen
public enum _ArmStep<Output> {
  /// It is ready, and has won: the token is retired.
  case won(Output)
  /// Another arm has won, or this one was not ready after all: nothing is registered.
  case lost
  case registered
}

/// One of the operations that a select waits for: a held receive or send of a typed channel (`receiving()`, `sending(_:)`), an
/// `Alarm`, the end of a task (`ending()`), or a byte channel's readiness (`readable()`). Conformed to by this library's arms.
///
/// An arm that loses has done nothing: what it would have received is still in its channel, what it would have sent was not
/// sent.
public protocol SelectArm: ~Copyable, ~Escapable {
  /// What the arm gives when it wins.
  associatedtype Output

  /// Performs the operation if it is possible now.
  @_lifetime(self: copy self)
  mutating func _attempt() -> Output?
  /// Performs the operation if it is possible now and no other arm has won, or registers `token` for when it may be.
  @_lifetime(self: copy self)
  mutating func _register(_ token: WakeToken) -> _ArmStep<Output>
  /// Takes the registration back.
  ///
  /// - Returns: What the arm gives, if it was it that won.
  @_lifetime(self: copy self)
  mutating func _withdraw() -> Output?
  /// When the arm is ready by itself, if ever.
  var _deadline: Deadline? { get }
  /// Changes whenever somebody else may have changed what `_attempt` would give.
  var _version: UInt64 { get }
}

extension SelectArm where Self: ~Copyable & ~Escapable {
  @inlinable public var _deadline: Deadline? { nil }
  @inlinable public var _version: UInt64 { 0 }
}

/// A receive gives the value, or nil if the channel is closed and everything was received: such an arm is always ready.
extension ReceiveFuture: SelectArm {
  public typealias Output = Core.Element?

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  public mutating func _attempt() -> Core.Element?? {
    switch core.take() {
    case .value(let value): .some(.some(value))
    case .closed: .some(.none)
    case .empty: nil
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _register(_ token: WakeToken) -> _ArmStep<Core.Element?> {
    // If it was polled before: what that registered is not needed any more.
    withdraw()
    switch core.takeOrRegister(token, .selecting) {
    case .value(let value): return .won(value)
    case .closed: return .won(nil)
    case .lost: return .lost
    case .registered(let place):
      self.place = place
      self.token = token
      kind = .selecting
      return .registered
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _withdraw() -> Core.Element?? {
    guard let place = self.place.take() else { return nil }
    let value = core.withdraw(receiver: place, kind, token)
    kind = .future
    return value.map { .some($0) }
  }

  @inlinable public var _version: UInt64 { core.receiveVersion }
}

/// A send gives success once the value went out, or the error `closed` with the value: such an arm is always ready.
extension SendFuture: SelectArm {
  public typealias Output = Result<Void, SendError<Core.Element>>

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _attempt() -> Result<Void, SendError<Core.Element>>? {
    takeBack()
    guard let value = self.value.take() else { return .success(()) }
    switch core.offer(value) {
    case .sent:
      isSent = true
      return .success(())
    case .closed(let value): return .failure(.closed(value))
    case .full(let value):
      self.value = value
      return nil
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _register(_ token: WakeToken) -> _ArmStep<Result<Void, SendError<Core.Element>>> {
    guard let value = self.value.take() else { fatalError("a send that is over was selected on") }
    switch core.offerOrRegister(value, token, .selecting) {
    case .sent:
      isSent = true
      return .won(.success(()))
    case .closed(let value): return .won(.failure(.closed(value)))
    case .lost(let value):
      self.value = value
      return .lost
    case .registered(let place):
      self.place = place
      self.token = token
      kind = .selecting
      return .registered
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _withdraw() -> Result<Void, SendError<Core.Element>>? {
    takeBack()
    kind = .future
    return isSent ? .success(()) : nil
  }

  @inlinable public var _version: UInt64 { core.sendVersion }
}
