// Swift's own sleeps in this runtime's timers: only with the package trait ExperimentalScheduling, because the toolchain
// has what it takes only as an experimental interface, which may change with the next.

#if ExperimentalScheduling

  @_spi(ExperimentalScheduling) internal import _Concurrency

  /// A loop whom the Swift runtime can give jobs for later. A subclass, since `Loop` itself is known to inlined code, and the
  /// interface may not be.
  final class SchedulingLoop: Loop, SchedulingExecutor, @unchecked Sendable {
    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
      // Every clock of the standard library counts in this type; what another's durations mean, only it knows.
      let duration = delay as? Duration ?? .zero
      schedule(UnownedJob(job), after: duration)
    }

    func enqueue<C: Clock>(
      _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
      let duration = clock.now.duration(to: instant) as? Duration ?? .zero
      schedule(UnownedJob(job), after: duration)
    }

    private func schedule(_ job: UnownedJob, after duration: Duration) {
      if let mine = unsafe LoopState.ofThisThread, unsafe mine == state {
        unsafe mine.pointee.insertTimer(TimerOwner(job), .after(duration))
        return
      }
      // A task that is to come back here, and asks from elsewhere.
      Task.detached(executorPreference: self) { self.schedule(job, after: duration) }
    }
  }

  extension LoopState {
    /// Runs a job whose time has come: a small task that prefers no executor and only wakes the one that sleeps. Run as the
    /// jobs of our tasks are, it would go to the global pool to do so.
    static func runSleepJob(_ item: RunItem) {
      // Sound: an executor is an object and a witness table, and no object is no executor in particular.
      let none = unsafe unsafeBitCast((UInt(0), UInt(0)), to: UnownedSerialExecutor.self)
      unsafe item.job.runSynchronously(on: none)
    }
  }

  /// What a runtime makes.
  typealias RuntimeLoop = SchedulingLoop

#else

  /// What a runtime makes.
  typealias RuntimeLoop = Loop

#endif
