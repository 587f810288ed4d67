// Sleeping until a time.

/// Suspends the current task for `duration`, with the resolution of the kernel's clock (ns): there is no tick.
///
/// - Throws: `CancellationError` if the task is cancelled before or meanwhile; nothing of the sleep remains then.
/// - Complexity: O(1), however many tasks sleep; no allocation, no system call of its own. With zero or less the other tasks run
///   once.
///
/// Never early. Traps outside a task of a runtime. Goes by the runtime's clock (`Configuration.clock`).
nonisolated(nonsending) public func sleep(for duration: Duration) async throws(CancellationError) {
  try await sleep(until: .after(duration))
}

/// Suspends the current task until `deadline`, as `sleep(for:)` does. Tasks that sleep until the same moment go on in the order
/// in which they began to.
nonisolated(nonsending) public func sleep(until deadline: Deadline) async throws(CancellationError) {
  let loop = unsafe LoopState.current(for: "sleep")
  // A wake that was meant for an earlier wait may end this one early: sleep on.
  while true {
    switch unsafe await Wait(local: loop, for: "sleep").suspend(until: deadline) {
    case .timedOut: return
    case .cancelled: throw CancellationError()
    case .woken: continue
    }
  }
}
