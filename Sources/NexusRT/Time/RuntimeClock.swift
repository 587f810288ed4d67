// The runtime's time as one of Swift's clocks, for code that is written for any of them.

/// The clock of the current runtime, for generic code: what takes `some Clock<Duration>` sleeps in this runtime's timers
/// when it is given this one, and follows a manual clock in tests.
///
/// ```swift
/// try await Task.sleep(for: .seconds(1), clock: RuntimeClock())
/// ```
///
/// Called from a task of a runtime, `sleep` is `sleep(until:)`: on the runtime's own thread, without the Swift runtime's timer
/// thread. Called from elsewhere it goes through the Swift runtime's timers, and `now` is CLOCK_MONOTONIC, which is what
/// `SuspendingClock` reads too.
public struct RuntimeClock: Clock, Sendable {
  public typealias Instant = Deadline

  public init() {}

  /// As `Deadline.now`.
  public var now: Deadline { .now }

  /// A nanosecond. How soon after it a task runs is another matter.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Waits until `deadline`. `tolerance` is of no use here, and ignored in a task of a runtime.
  ///
  /// - Throws: `CancellationError` if the task, or a cancel scope it is in, is cancelled before or meanwhile.
  nonisolated(nonsending) public func sleep(until deadline: Deadline, tolerance: Duration? = nil) async throws
  {
    // While the loop runs nothing but its tasks does on this thread.
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.isRunning {
      return try await NexusRT.sleep(until: deadline)
    }
    while !deadline.isPast {
      try await Task.sleep(for: now.duration(to: deadline), tolerance: tolerance, clock: .suspending)
    }
  }
}

extension Deadline: InstantProtocol {
  /// So much later, or earlier; the first or the last moment there is, if that is past it.
  public func advanced(by duration: Duration) -> Deadline {
    if duration >= .zero { return advanced(byNanoseconds: duration.clampedNanoseconds) }
    let (seconds, attoseconds) = duration.components
    // Not `-duration`, which the shortest one does not have.
    if seconds < -9_000_000_000 { return Deadline(nanoseconds: 0) }
    // Towards the past a part of a ns is no ns: never early means that a deadline may only be rounded up.
    let earlier = UInt64(-seconds) * 1_000_000_000 + UInt64(-attoseconds / 1_000_000_000)
    return Deadline(nanoseconds: earlier > nanoseconds ? 0 : nanoseconds - earlier)
  }

  /// The time from this moment to `other`; negative if that is before.
  public func duration(to other: Deadline) -> Duration {
    if other >= self {
      .nanoseconds(Int64(clamping: other.nanoseconds - nanoseconds))
    } else {
      .nanoseconds(-Int64(clamping: nanoseconds - other.nanoseconds))
    }
  }
}
