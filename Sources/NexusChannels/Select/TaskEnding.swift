// The end of a task as an arm of a select.

public import NexusRT

/// An arm that is ready once a task has ended. It borrows the task's handle, of which `value()` then gives the result without
/// waiting.
@frozen
@safe
public struct TaskEnding: SelectArm, ~Copyable, ~Escapable {
  @usableFromInline let end: _TaskEnd

  @inlinable
  @_lifetime(immortal)
  init(_ end: _TaskEnd) { self.end = end }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _attempt() -> Void? { end.hasCome ? () : nil }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _register(_ token: WakeToken) -> _ArmStep<Void> {
    if end.hasCome { return token.retire() ? .won(()) : .lost }
    end.register(token)
    return .registered
  }

  @inlinable
  @_lifetime(self: copy self)
  public mutating func _withdraw() -> Void? {
    end.withdraw()
    return nil
  }
}

extension JoinHandle where Success: ~Copyable {
  /// The end of the task as an arm of a select, in a task of the same runtime. One at a time: a second one that waits takes the
  /// first one's place. O(1), no allocation. Losing it neither cancels nor detaches the task.
  @inlinable
  @_lifetime(borrow self)
  public borrowing func ending() -> TaskEnding {
    unsafe _overrideLifetime(TaskEnding(_end), borrowing: self)
  }
}
