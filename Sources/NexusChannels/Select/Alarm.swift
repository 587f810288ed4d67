// A moment as an arm of a select.

public import NexusRT

/// An arm that is ready from a moment on. A look at it reads the clock, about 20 ns; a select that waits has one timer for all
/// of its alarms.
@frozen
public struct Alarm: SelectArm, Sendable {
  public let deadline: Deadline

  /// Ready from `deadline` on.
  @inlinable
  public static func at(_ deadline: Deadline) -> Alarm { Alarm(deadline: deadline) }

  /// Ready `duration` from now, which is when this is called.
  @inlinable
  public static func after(_ duration: Duration) -> Alarm { Alarm(deadline: .after(duration)) }

  @inlinable
  init(deadline: Deadline) { self.deadline = deadline }

  @inlinable
  public mutating func _attempt() -> Void? { deadline.isPast ? () : nil }

  /// The select's own wait has the deadline.
  @inlinable
  public mutating func _register(_ token: WakeToken) -> _ArmStep<Void> { .registered }

  @inlinable
  public mutating func _withdraw() -> Void? { nil }

  @inlinable public var _deadline: Deadline? { deadline }
}
