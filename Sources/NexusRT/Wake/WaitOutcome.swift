// How a wait ended.

/// Why a wait is over.
@frozen
public enum WaitOutcome: Sendable {
  /// Its token was woken. It may have been for no reason that still holds: look again.
  case woken
  /// The task was cancelled, or a cancel scope around the wait was.
  case cancelled
  /// The deadline came first.
  case timedOut
}
