// Letting the other tasks run.

internal import Synchronization

/// Puts the current task at the end of the run queue and lets the others run.
///
/// O(1), no allocation. Unlike `Task.yield()` it does not go through the Swift runtime. Does not throw when the task is
/// cancelled. Traps outside a task of a runtime.
@inlinable @inline(__always)
nonisolated(nonsending) public func yield() async {
  let loop = unsafe LoopState.current(for: "yield()")
  let slot = unsafe loop.pointee.currentSlot("yield()")
  unsafe loop.pointee.armQueued(slot)
  unsafe await Suspension.suspend(slot, loop)
  _ = unsafe loop.pointee.finishWait(slot)
}
