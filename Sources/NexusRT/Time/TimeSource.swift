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

/// The clock of one runtime, and when its loop looks at it. Belongs to the loop's thread.
@safe struct LoopClock {
  let isManual: Bool
  /// Whether a manual clock moves to the next deadline by itself. Changed by who steps the runtime.
  var advancesWhenIdle = false
  /// When the loop last looked, in ns; of a manual clock the time itself.
  private(set) var lastLook: UInt64
  /// The turn of that look.
  private var turnOfLook: UInt64 = .max
  /// How many entries of the run queue are to run between two looks at the timers.
  private var patience = 1
  /// How many of those are left.
  private var entriesLeft = 0

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
    if turnOfLook != turn {
      lastLook = now
      turnOfLook = turn
    }
    return lastLook
  }

  /// Has the next who asks look: time has passed in the kernel.
  mutating func forget() { turnOfLook = .max }

  /// Moves a manual clock on. Nothing happens if it is there already.
  mutating func move(to time: UInt64) {
    assert(isManual)
    lastLook = max(lastLook, time)
  }

  // MARK: When to look at the timers

  // A look costs as much as a switch. While entries are short one look serves several: so many as take about half a
  // microsecond, and never more than a turn may run, so that a deadline waits for no more entries than it does under load.

  /// Below this, in ns, between two looks there may be more entries; above the other there must be fewer.
  private static let short: UInt64 = 500
  private static let long: UInt64 = 2_000

  /// Counts what was run since the last look; whether another is due.
  @inline(__always)
  mutating func isLookDue(afterRunning entries: Int) -> Bool {
    entriesLeft &-= entries
    return entriesLeft <= 0
  }

  /// Looks for deadlines that have come.
  mutating func look(inTurn turn: UInt64, atMost limit: Int) -> UInt64 {
    let now = now
    let passed = now &- lastLook
    if passed < LoopClock.short {
      patience = min(patience &* 2, limit)
    } else if passed > LoopClock.long {
      patience = 1
    }
    entriesLeft = patience
    lastLook = now
    turnOfLook = turn
    return now
  }

  /// Has the loop look in this turn.
  mutating func hurry() { entriesLeft = 0 }
}
