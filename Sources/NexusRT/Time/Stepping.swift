// Running a loop by hand, a piece at a time, under a manual clock: what the test harness is made of.

internal import Synchronization

/// What a run by hand ended with that did not come to its end.
package struct LoopStalled: Error {
  package init() {}
}

extension Loop {
  /// Runs `action` as the loop runs: inside a job of this executor, with nothing of it running already.
  func drive(_ action: @escaping (LoopPointer) -> Void) {
    let state = unsafe self.state!
    requireSteppable()
    unsafe state.pointee.isRunning = true
    defer { unsafe state.pointee.isRunning = false }
    runAsJob { unsafe action(state) }
  }

  fileprivate func requireSteppable() {
    require(
      isOnThread,
      "NexusRT: a TestRuntime was used on a thread that did not make it: keep it in one synchronous function")
    require(
      unsafe !state.pointee.isRunning,
      "NexusRT: a TestRuntime was stepped inside one of its tasks: only what is outside of it may do that")
  }
}

extension LoopState {
  /// Whether anything is to be done without a wait.
  private mutating func isIdle() -> Bool {
    if !watched.isEmpty { checkWatched(isLast: false) }
    return unsafe isNothingReady && !mailbox.pointee.hasEntries && !reactor.hasCompletions
  }

  /// A batch of what is ready, and everybody else's turn.
  fileprivate static func stepTurn(_ loop: LoopPointer) {
    unsafe runTasks(loop, until: nil)
    unsafe turn(loop, mayPark: false, deadline: nil)
  }

  /// Runs turns until nothing is ready.
  fileprivate static func stepUntilIdle(_ loop: LoopPointer) {
    repeat { unsafe stepTurn(loop) } while unsafe !loop.pointee.isIdle()
  }

  /// Runs one entry that does something; false if there is none.
  fileprivate static func stepOne(_ loop: LoopPointer) -> Bool {
    let before = unsafe loop.pointee.counters.resumes
    if unsafe loop.pointee.isNothingReady { unsafe turn(loop, mayPark: false, deadline: nil) }
    while unsafe loop.pointee.counters.resumes == before, let item = unsafe loop.pointee.nextItem() {
      unsafe runItem(item, loop)
    }
    return unsafe loop.pointee.counters.resumes != before
  }

  private mutating func nextItem() -> RunItem? {
    guard schedule != nil else { return runQueue.pop() }
    while let item = runQueue.pop() { schedule!.ready.append(item) }
    return schedule!.ready.isEmpty ? nil : schedule!.pick()
  }

  /// Moves the clock to `time`, stopping at each deadline on the way until nothing is ready any more.
  fileprivate static func stepTime(_ loop: LoopPointer, to time: UInt64) {
    unsafe stepUntilIdle(loop)
    while unsafe loop.pointee.advanceToNextDeadline(atMost: time) { unsafe stepUntilIdle(loop) }
    unsafe loop.pointee.clock.move(to: time)
  }

  /// Runs until `isOver`, which it asks after each turn, moving the clock to the next deadline whenever nothing else is to be done.
  ///
  /// - Parameter patience: How long, in ns of real time, it waits for the kernel and for other threads first.
  /// - Returns: false if nothing was left to wait for.
  fileprivate static func stepOn(
    _ loop: LoopPointer, patience: UInt64, until isOver: () -> Bool
  ) -> Bool {
    while true {
      unsafe stepTurn(loop)
      if isOver() { return true }
      if unsafe !loop.pointee.isIdle() { continue }
      // Other threads may be at work, which nobody can know, but then as a rule nothing else can go on.
      let hasDeadline = unsafe !loop.pointee.timers.isEmpty
      let isInKernel = unsafe loop.pointee.reactor.inFlight > 0
      let waits = isInKernel || !hasDeadline
      let isWoken = unsafe waits && stepPark(loop, for: patience)
      if !isWoken, unsafe !loop.pointee.advanceToNextDeadline(atMost: .max) { return false }
    }
  }

  /// Waits in the kernel, in real time; whether something came of it.
  private static func stepPark(_ loop: LoopPointer, for patience: UInt64) -> Bool {
    let end = Monotonic.now() &+ patience
    while unsafe loop.pointee.isIdle() {
      if Monotonic.now() >= end { return false }
      unsafe turn(loop, mayPark: true, deadline: end)
    }
    return true
  }

  /// Entries of the run queue. O(n).
  fileprivate var readyCount: Int {
    var count = schedule?.ready.count ?? 0
    var bits = runQueue.head
    while bits != 0 {
      count += 1
      bits = unsafe RunItem(bits: bits).link.pointee
    }
    return count
  }

  /// Tasks that wait for another task, a channel, a deadline or the like, and not for the kernel. O(slots).
  fileprivate var waitingCount: Int {
    var count = 0
    for index in 0..<slab.highest {
      let slot = unsafe mailbox.pointee.slot(index)
      let phase = unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask
      // A resident without a body waits for one, and is no task.
      let isTask = unsafe slot.pointee.role == .guest || slot.pointee.body != nil
      if isTask && (phase == SlotState.armed || phase == SlotState.armedLocal) { count += 1 }
    }
    return count
  }
}

// MARK: What NexusTestSupport calls

extension Runtime {
  package borrowing func stepTurn() { unsafe loop.drive { unsafe LoopState.stepTurn($0) } }

  package borrowing func stepUntilIdle() { unsafe loop.drive { unsafe LoopState.stepUntilIdle($0) } }

  package borrowing func stepOne() -> Bool {
    var hasRun = false
    unsafe loop.drive { hasRun = unsafe LoopState.stepOne($0) }
    return hasRun
  }

  package borrowing func stepTime(to deadline: Deadline) {
    unsafe loop.drive { unsafe LoopState.stepTime($0, to: deadline.nanoseconds) }
  }

  package borrowing func stepToNextDeadline() -> Bool {
    var hasMoved = false
    unsafe loop.drive { state in
      unsafe LoopState.stepUntilIdle(state)
      hasMoved = unsafe state.pointee.advanceToNextDeadline(atMost: .max)
      unsafe LoopState.stepUntilIdle(state)
    }
    return hasMoved
  }

  package borrowing func stepSpawn<Success: ~Copyable>(
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> JoinHandle<Success> {
    loop.requireSteppable()
    // The Swift task, if there is one, that called the test: its task-local values are the spawned task's as well.
    return spawnBoxed(body)
  }

  /// Runs until the handle's task has ended, moving the clock by itself.
  package borrowing func stepValue<Success: ~Copyable>(
    of handle: consuming JoinHandle<Success>, patience: Duration
  ) throws -> Success {
    let body = unsafe handle.body
    var hasEnded = false
    unsafe loop.drive { state in
      hasEnded = unsafe LoopState.stepOn(state, patience: patience.clampedNanoseconds) {
        unsafe body.pointee.isFinished
      }
    }
    if !hasEnded { throw LoopStalled() }
    return try handle.taken()
  }

  package var stepClock: Deadline { Deadline(nanoseconds: unsafe loop.state.pointee.clock.lastLook) }
  package var stepNextDeadline: Deadline? {
    unsafe loop.state.pointee.timers.earliest.map { Deadline(nanoseconds: $0) }
  }
  package var stepReady: Int { unsafe loop.state.pointee.readyCount }
  package var stepWaiting: Int { unsafe loop.state.pointee.waitingCount }
  package var stepTimers: Int { unsafe loop.state.pointee.timers.count }
  package var stepOperations: Int { unsafe loop.state.pointee.reactor.inFlight }
}
