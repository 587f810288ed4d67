// A moment until which to wait.

/// A moment, in ns of the clock of a runtime (`Configuration.clock`), which is CLOCK_MONOTONIC unless a test has its
/// own: what `until:` parameters take. That clock stands still while the machine is suspended.
@frozen
public struct Deadline: Sendable, Hashable, Comparable {
  /// The moment as the clock gives it, in ns.
  public let nanoseconds: UInt64

  @inlinable
  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// Now, as the clock says this very moment. About 20 ns, no system call. On a thread without a runtime it is
  /// CLOCK_MONOTONIC. `loopTime()` is cheaper, and may be a turn of the loop old.
  public static var now: Deadline { Deadline(nanoseconds: timeOnThisThread()) }

  /// The moment `duration` from now; now if it is negative, and some 290 years from now if it is longer than that.
  public static func after(_ duration: Duration) -> Deadline {
    Deadline.now.advanced(byNanoseconds: duration.clampedNanoseconds)
  }

  /// Whether the moment has come.
  public var isPast: Bool { timeOnThisThread() >= nanoseconds }

  /// So much later; the last moment there is, if that is past it.
  @inlinable
  func advanced(byNanoseconds nanoseconds: UInt64) -> Deadline {
    let (sum, isOver) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return Deadline(nanoseconds: isOver ? .max : sum)
  }

  @inlinable
  public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
