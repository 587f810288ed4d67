// Sleeping until a time.

internal import CNexus

/// Suspends the current task for `duration`, with the resolution of the kernel's clock (ns): there is no tick.
///
/// - Throws: `CancellationError` if the task is cancelled before or meanwhile; nothing of the sleep remains then.
/// - Complexity: O(log n) in the number of sleeping tasks; no system call of its own.
///
/// Traps outside a task of a runtime. Measured on CLOCK_MONOTONIC, which stands still while the machine is suspended.
nonisolated(nonsending) public func sleep(for duration: Duration) async throws(CancellationError) {
  let deadline = Monotonic.now() &+ duration.clampedNanoseconds
  let loop = unsafe LoopState.current(for: "sleep")
  // A wake that was meant for an earlier wait may end this one early: sleep on.
  repeat {
    let wait = unsafe Wait(local: loop, for: "sleep")
    let slot = unsafe wait.slot
    unsafe loop.pointee.timers.insert(slot, deadline: deadline)
    let wasWoken = await wait.suspend()
    // Not there any more if the deadline is what ended the wait.
    unsafe loop.pointee.timers.remove(slot)
    if !wasWoken { throw CancellationError() }
  } while Monotonic.now() < deadline
}
