// What time it is, for whoever asks.

/// The time for the calling thread, in ns: that of its runtime, which may go by a manual clock, else CLOCK_MONOTONIC.
@inline(__always)
func timeOnThisThread() -> UInt64 {
  if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.clock.isManual {
    return unsafe loop.pointee.clock.lastLook
  }
  return Monotonic.now()
}

/// The time as the loop knows it: that of the turn it is in, which the first call in a turn reads from the clock.
///
/// The same for all tasks that run in one turn, and never older than that, so at most as old as 64 tasks take to run one
/// after the other (`Configuration.tasksPerTurn`). Some 2 ns; about 20 the first time in a turn. For the time of an event
/// that is enough; to measure how long something took, use `Deadline.now`. Traps outside a task of a runtime.
public func loopTime() -> Deadline {
  unsafe LoopState.current(for: "loopTime()").pointee.loopTime()
}
