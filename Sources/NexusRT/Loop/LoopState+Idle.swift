// An idle loop: looks for work for a while if that is worth it, and then waits in the kernel.

internal import CNexus

extension LoopState {
  var isNothingReady: Bool {
    @inline(__always) get { runQueue.isEmpty && (schedule == nil || schedule!.ready.isEmpty) }
  }

  /// Waits until something completes, a deadline comes or another thread wakes a task. Nothing may be ready.
  ///
  /// - Parameter limit: The latest it returns, on CLOCK_MONOTONIC in ns.
  mutating func park(until limit: UInt64?) {
    guard var timeout = timeToNextDeadline(limit) else { return }
    // A wait in the kernel would be over too late.
    if timeout <= idle.lead {
      _ = lookForWork(for: timeout)
      return
    }
    let budget = idle.look(wakes: counters.foreignWakes, isWatching: !watched.isEmpty)
    if budget > 0 {
      let isFound = lookForWork(for: min(budget, timeout))
      idle.looked(found: isFound || timeout <= budget)
      if isFound { return }
      guard let rest = timeToNextDeadline(limit), rest > idle.lead else { return }
      timeout = rest
    }
    if !watched.isEmpty {
      checkWatched(isLast: true)
      if !isNothingReady { return }
    }
    if clock.advancesWhenIdle && moveManualClock() { return }
    // Nothing but another thread can end the wait: a futex is woken in three quarters of the time that a ring takes.
    let wait = timeout == .max ? nil : timeout - idle.lead
    let isSleep = wait == nil && reactor.isUnused
    guard unsafe mailbox.pointee.park(sleeping: isSleep) else { return }
    counters.parks &+= 1
    let end = wait.map { Monotonic.now() &+ $0 }
    if isSleep {
      unsafe mailbox.pointee.sleep()
    } else {
      counters.enters &+= 1
      reactor.park(timeout: wait)
    }
    let arrived = unsafe mailbox.pointee.unpark(into: &runQueue)
    counters.foreignWakes &+= UInt64(arrived)
    if let end, arrived == 0 && !reactor.hasCompletions {
      let now = Monotonic.now()
      if now >= end { idle.woken(late: now - end) }
    }
    clock.forget()
    if !timers.isEmpty { fireTimers() }
  }

  /// How long nothing is due yet, in ns, `.max` if nothing ever is; nil if something was, which then is ready.
  private mutating func timeToNextDeadline(_ limit: UInt64?) -> UInt64? {
    var time = UInt64.max
    if !timers.isEmpty {
      fireTimers()
      if !isNothingReady { return nil }
      // A manual clock does not move while the kernel waits.
      if !clock.isManual, let next = timers.next {
        if next <= clock.lastLook { return nil }
        time = next - clock.lastLook
      }
    }
    if let limit {
      let now = Monotonic.now()
      if limit <= now { return nil }
      time = min(time, limit - now)
    }
    return time
  }

  /// Lets a manual clock jump to the next deadline; false if there is none, or the kernel is at work.
  private mutating func moveManualClock() -> Bool {
    if unsafe reactor.inFlight > 0 || mailbox.pointee.hasEntries { return false }
    return advanceToNextDeadline(atMost: .max)
  }

  /// Looks for work in every place from which it can come, for so many ns at most; whether there is any.
  ///
  /// It keeps the core. To give it to others by `sched_yield` would forfeit what is left of the thread's slice (Linux 6.18:
  /// `yield_task_fair`), and where others want the core the next wake would come milliseconds late.
  private mutating func lookForWork(for budget: UInt64) -> Bool {
    // Meanwhile time passes.
    clock.forget()
    let end = Monotonic.now() &+ budget
    while true {
      // What the loop has prepared, or the kernel has ready for it, does not wait for the end of this.
      if reactor.isDue {
        counters.enters &+= 1
        reactor.enter()
      }
      checkWatched(isLast: false)
      if unsafe !isNothingReady || mailbox.pointee.hasEntries || reactor.hasCompletions { return true }
      if Monotonic.now() >= end { return false }
      for _ in 0..<16 { nexus_spin_hint() }
    }
  }
}
