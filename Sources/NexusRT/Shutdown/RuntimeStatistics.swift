// What a runtime counted, for those who ask when it is gone.

/// What is left of a runtime that has ended.
public struct FinalCounters: Sendable, Equatable {
  /// What it counted while it lived, its end included.
  public let counters: RuntimeCounters
  /// Tasks that ignored their cancellation and were given up: they never run again, and their memory is not freed. Zero
  /// is a clean end.
  public let tasksGivenUp: Int
  /// Wakes and jobs that came and found nobody to run. Zero is a clean end.
  public let wakesNotDelivered: Int
  /// Threads of `spawnBlocking` that were still at work when the time for the end was up, and were left to themselves.
  public let blockingThreadsLeft: Int

  init(_ loop: LoopPointer, wakesNotDelivered: Int) {
    unsafe counters = loop.pointee.counters
    unsafe tasksGivenUp = loop.pointee.slab.bodies
    self.wakesNotDelivered = wakesNotDelivered
    unsafe blockingThreadsLeft = loop.pointee.loop.services.blocking.threadsLeft
  }
}

/// Outlives its runtime, and has its last counters then. To be shared; any thread.
public final class RuntimeStatistics: Sendable {
  private let last = Guarded<FinalCounters?>(nil)

  init() {}

  /// Nil until the runtime has ended. While it lives ask `Runtime.counters`, or `runtimeCounters()` in a task.
  public var final: FinalCounters? { last.withLock { $0 } }

  func end(_ counters: FinalCounters) { last.withLock { $0 = counters } }
}

extension Runtime {
  /// What the runtime will have counted once it has ended: to be kept beyond its end.
  public var statistics: RuntimeStatistics { loop.services.statistics }
}
