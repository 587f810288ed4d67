// The run loop. One turn: some tasks, then the mailbox, the timers and the kernel; and when nothing is ready, the
// kernel again, waiting.

internal import CNexus
internal import Glibc

extension LoopState {
  /// Runs turns until `body` has ended.
  ///
  /// Must run inside a job on the runtime's own executor. Nothing of the state is held over a task that runs: every
  /// line reaches it through the pointer anew.
  static func run(_ loop: LoopPointer, until body: BodyPointer) {
    while true {
      unsafe runTasks(loop, until: body)
      if unsafe body.pointee.isFinished { return }
      unsafe turn(loop, mayPark: loop.pointee.idle.mayPark, deadline: nil)
    }
  }

  /// Runs turns until no resident is left, and no slot that was lent is in a queue or on its way into one: the next
  /// runtime on this mailbox takes every slot for free. Gives up at `deadline` (monotonic, ns).
  static func runDown(_ loop: LoopPointer, deadline: UInt64) {
    // Once: what starts from here on starts cancelled.
    unsafe cancelAll(loop)
    while unsafe (loop.pointee.slab.residents > 0 || loop.pointee.slab.guests > 0)
      && Monotonic.now() < deadline
    {
      unsafe loop.pointee.dismissParked()
      unsafe runTasks(loop, until: nil)
      let isIdle = unsafe loop.pointee.slab.residents > 0 && loop.pointee.slab.firstParked == nil
      unsafe turn(loop, mayPark: isIdle, deadline: deadline)
    }
    unsafe loop.pointee.gatherReady()
    unsafe runJobsEarly(loop)
  }

  /// Runs what is ready, `tasksPerTurn` entries at most: whatever tasks do, the rest of a turn comes round.
  @inline(__always)
  static func runTasks(_ loop: LoopPointer, until body: BodyPointer?) {
    if unsafe loop.pointee.schedule != nil { return unsafe runTasksRandomly(loop, until: body) }
    var budget = unsafe loop.pointee.tasksPerTurn
    let isCrowd = unsafe loop.pointee.slab.bodies > LoopState.crowd
    var ahead = Lookahead()
    while budget > 0, let item = unsafe loop.pointee.runQueue.pop() {
      budget -= 1
      if isCrowd { unsafe ahead.follow(loop.pointee.runQueue) }
      unsafe runItem(item, loop)
      if let body = unsafe body, unsafe body.pointee.isFinished { return }
    }
  }

  /// So many tasks are more than the caches hold.
  private static let crowd = 4096

  /// Runs one entry of the run queue, if there is still something to run.
  @inline(__always)
  static func runItem(_ item: RunItem, _ loop: LoopPointer) {
    if item.isJob {
      if item.isMessage {
        unsafe item.takeMessage().deliver(to: loop)
      } else {
        #if ExperimentalScheduling
          if item.isSleepJob {
            runSleepJob(item)
            return
          }
        #endif
        // A task that comes back through the Swift runtime has its own share, not what is left of the one before.
        unsafe loop.pointee.budget = LoopState.budgetPerResume
        unsafe item.job.runSynchronously(
          isolatedTo: loop.pointee.loop.asUnownedSerialExecutor(),
          taskExecutor: loop.pointee.loop.asUnownedTaskExecutor())
      }
    } else {
      let slot = unsafe item.slot
      guard unsafe loop.pointee.popped(slot) == .resume else { return }
      unsafe Suspension.resume(slot, loop)
    }
    unsafe loop.pointee.counters.resumes &+= 1
  }

  /// Gives the mailbox, the timers and the kernel their turn.
  static func turn(_ loop: LoopPointer, mayPark: Bool, deadline: UInt64?) {
    unsafe loop.pointee.counters.turns &+= 1
    if unsafe !loop.pointee.quiescers.isEmpty { unsafe loop.pointee.wakeQuiescers() }
    let arrived = unsafe loop.pointee.mailbox.pointee.takeAll(into: &loop.pointee.runQueue)
    unsafe loop.pointee.counters.foreignWakes &+= UInt64(arrived)
    if unsafe !loop.pointee.watched.isEmpty { unsafe loop.pointee.lookAtWatched() }
    if unsafe mayPark && loop.pointee.isNothingReady && !loop.pointee.reactor.hasCompletions {
      unsafe loop.pointee.park(until: deadline)
    } else {
      if unsafe !loop.pointee.timers.isEmpty { unsafe loop.pointee.fireTimers() }
      if unsafe loop.pointee.reactor.isDue {
        unsafe loop.pointee.counters.enters &+= 1
        unsafe loop.pointee.reactor.enter()
      }
    }
    while let slot = unsafe loop.pointee.reactor.nextCompleted() { unsafe loop.pointee.complete(slot) }
    if unsafe loop.pointee.reactor.signals != 0 { unsafe takeSignals(loop) }
  }

  /// Looks at the words that waits are to end for, and now and then makes sure that nobody has to any more.
  private mutating func lookAtWatched() {
    // With nothing else to do: a look too many slows the publisher, from whose cache it takes the line.
    if runQueue.isEmpty && !hasSent { for _ in 0..<2 { nexus_spin_hint() } }
    hasSent = false
    let isLast = watched.count > WatchedWords.most || counters.turns & 0x3FF == 0
    checkWatched(isLast: isLast)
  }
}
