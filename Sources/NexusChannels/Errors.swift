// Why an operation of a typed channel did not succeed. A send that failed gives its value back.

/// Why a value was not sent, and the value.
///
/// Errors are `Sendable` by the language's rule, whatever they carry: a value of a `Local` channel that is not `Sendable`
/// must not leave its runtime's thread inside of its error either.
@frozen
public enum SendError<Value>: Error, @unchecked Sendable {
  /// There is no room now. Only what does not wait throws this.
  case full(Value)
  /// The channel was closed, or nobody is left who could receive.
  case closed(Value)
  /// The task, or a cancel scope it is in, was cancelled before or while this waited. The value was not sent.
  case cancelled(Value)
  /// The deadline came first. The value was not sent.
  case timedOut(Value)

  /// The value that was not sent.
  @inlinable
  public var value: Value {
    switch self {
    case .full(let value), .closed(let value), .cancelled(let value), .timedOut(let value): value
    }
  }
}

extension SendError: Equatable where Value: Equatable {}

/// Why room was not reserved.
@frozen
public enum ReserveError: Error, Equatable, Sendable {
  /// There is no room now. Only what does not wait throws this.
  case full
  /// The channel was closed, or nobody is left who could receive.
  case closed
  /// The task, or a cancel scope it is in, was cancelled before or while this waited.
  case cancelled
  /// The deadline came first.
  case timedOut
}

/// Why nothing was received. What was sent is still in its channel.
@frozen
public enum ReceiveError: Error, Equatable, Sendable {
  /// The channel is closed, or all senders are gone, and everything that was sent has been received.
  case closed
  /// The task, or a cancel scope it is in, was cancelled before or while this waited.
  case cancelled
  /// The deadline came first.
  case timedOut
}
