// A moment until which to wait.

/// A moment on CLOCK_MONOTONIC, in ns: what `until:` parameters take. The clock stands still while the machine is
/// suspended.
@frozen
public struct Deadline: Sendable, Hashable, Comparable {
  /// The moment as CLOCK_MONOTONIC gives it, in ns.
  public let nanoseconds: UInt64

  @inlinable
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Now. About 20 ns, no system call.
  public static var now: Deadline { Deadline(nanoseconds: Monotonic.now()) }

  /// The moment `duration` from now; now if it is negative, and some 290 years from now if it is longer than that.
  public static func after(_ duration: Duration) -> Deadline {
    Deadline(nanoseconds: Monotonic.now() &+ duration.clampedNanoseconds)
  }

  /// Whether the moment has come.
  public var isPast: Bool { Monotonic.now() >= nanoseconds }

  @inlinable
  public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
