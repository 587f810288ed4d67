// Ticks at a fixed period, and what becomes of those that were missed.

/// What an interval does about ticks whose time went by while its task was busy.
public enum MissedTicks: Sendable, Equatable {
  /// Gives them all, one after the other without a wait, and is then on schedule again: so many ticks as periods.
  case burst
  /// Leaves them out: the next tick is the next multiple of the period after the start.
  case skip
  /// Starts anew from the tick that was late: ticks are never closer than a period, and the schedule moves.
  case delay
}

/// Ticks at a fixed period.
///
/// ```swift
/// var beat = interval(every: .milliseconds(100))
/// while true {
///   try await beat.tick()
///   publish()
/// }
/// ```
///
/// A few numbers, and a timer only while it waits: to let go of it costs nothing. Deadlines are computed in whole ns from the
/// start on, so no error adds up, except that of `delay`, which is meant to.
public struct Interval: ~Copyable, Sendable {
  /// In ns.
  private let step: UInt64
  private var next: UInt64
  /// What becomes of missed ticks; from the next one on.
  public var missedTicks: MissedTicks

  /// The first tick is at `start`. `interval(every:)` makes one that starts with the clock of the current runtime.
  ///
  /// Traps unless `period` is positive.
  public init(every period: Duration, startingAt start: Deadline, missedTicks: MissedTicks = .burst) {
    require(
      period > .zero,
      "NexusRT: an interval of \(period) was made: the period must be longer than zero")
    step = period.clampedNanoseconds
    next = start.nanoseconds
    self.missedTicks = missedTicks
  }

  /// The time from one tick to the next.
  public var period: Duration { .nanoseconds(Int64(clamping: step)) }

  /// When the next tick is due.
  public var nextTick: Deadline { Deadline(nanoseconds: next) }

  /// Waits for the next tick. One that is due already lets the other tasks run once, and is given.
  ///
  /// - Returns: When the tick was due.
  /// - Throws: `CancellationError` if the task, or a cancel scope it is in, was cancelled before or meanwhile. The tick is not
  ///   lost then: the next call waits for the same.
  /// - Complexity: O(1), no allocation.
  ///
  /// Traps outside a task of a runtime.
  @discardableResult
  nonisolated(nonsending) public mutating func tick() async throws(CancellationError) -> Deadline {
    let due = nextTick
    try await sleep(until: due)
    // Where the time makes no difference it is not asked for.
    let now = missedTicks == .burst ? due : Deadline.now
    next = Interval.tick(after: due.nanoseconds, step, now: now.nanoseconds, missedTicks)
    return due
  }

  /// The tick after that of `due`, which was given at `now`.
  static func tick(after due: UInt64, _ step: UInt64, now: UInt64, _ missedTicks: MissedTicks) -> UInt64 {
    let usual = saturatingSum(due, step)
    return switch missedTicks {
    case .burst: usual
    case .skip: now < usual ? usual : saturatingSum(due, step, times: (now - due) / step + 1)
    case .delay: saturatingSum(max(now, due), step)
    }
  }

  /// Starts anew: the next tick is one period from now.
  public mutating func reset() { next = saturatingSum(Deadline.now.nanoseconds, step) }

  /// Starts anew: the next tick is at `start`.
  public mutating func reset(startingAt start: Deadline) { next = start.nanoseconds }
}

/// `a + b * times`, or the greatest number there is.
private func saturatingSum(_ a: UInt64, _ b: UInt64, times: UInt64 = 1) -> UInt64 {
  let (product, isOver) = b.multipliedReportingOverflow(by: times)
  let (sum, isOverToo) = a.addingReportingOverflow(product)
  return isOver || isOverToo ? .max : sum
}

/// An interval whose first tick is one period from now. Traps unless `period` is positive.
public func interval(every period: Duration, missedTicks: MissedTicks = .burst) -> Interval {
  interval(every: period, startingAt: .after(period), missedTicks: missedTicks)
}

/// An interval whose first tick is at `start`: at once if that has passed. Traps unless `period` is positive.
public func interval(
  every period: Duration, startingAt start: Deadline, missedTicks: MissedTicks = .burst
) -> Interval {
  Interval(every: period, startingAt: start, missedTicks: missedTicks)
}
