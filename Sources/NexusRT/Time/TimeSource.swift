// Which clock a runtime goes by: the kernel's, or one that a test moves by hand.

/// Where a runtime's time comes from: its sleeps, intervals, time limits and deadlines, `Deadline.now` and `loopTime()`.
public enum TimeSource: Sendable, Equatable {
  /// CLOCK_MONOTONIC. It stands still while the machine is suspended.
  case monotonic
  /// For tests: a clock that begins at `start` and stands still until somebody moves it, so that hours pass in microseconds
  /// and always alike. `TestRuntime` (in NexusTestSupport) moves it step by step.
  ///
  /// With `advancesWhenIdle` it also jumps to the next deadline by itself whenever no task is ready and no operation is
  /// with the kernel. It does not know what other threads are about to do: where tasks wait for those, move it by hand.
  case manual(start: Deadline, advancesWhenIdle: Bool)
}

/// The clock of one runtime, and when its loop last looked at it. Belongs to the loop's thread.
@safe struct LoopClock {
  let isManual: Bool
  /// Whether a manual clock moves to the next deadline by itself. Changed by who steps the runtime.
  var advancesWhenIdle = false
  /// When the loop last looked, in ns; of a manual clock the time itself.
  private(set) var lastLook: UInt64
  /// The turn of that look.
  private var turnOfLook: UInt64 = .max

  init(_ source: TimeSource) {
    switch source {
    case .monotonic:
      isManual = false
      lastLook = Monotonic.now()
    case .manual(let start, let advancesWhenIdle):
      isManual = true
      lastLook = start.nanoseconds
      self.advancesWhenIdle = advancesWhenIdle
    }
  }

  /// The time, in ns. About 20 ns.
  @inline(__always)
  var now: UInt64 { isManual ? lastLook : Monotonic.now() }

  /// The time as of `turn`: only the first who asks in a turn looks.
  mutating func time(ofTurn turn: UInt64) -> UInt64 {
    turnOfLook == turn ? lastLook : look(inTurn: turn)
  }

  /// Has the next who asks look: time has passed in the kernel.
  mutating func forget() { turnOfLook = .max }

  /// Moves a manual clock on. Nothing happens if it is there already.
  mutating func move(to time: UInt64) {
    assert(isManual)
    lastLook = max(lastLook, time)
  }

  /// Looks, for the deadlines that have come.
  mutating func look(inTurn turn: UInt64) -> UInt64 {
    lastLook = now
    turnOfLook = turn
    return lastLook
  }
}
