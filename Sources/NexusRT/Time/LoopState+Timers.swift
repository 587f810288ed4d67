// What the loop does about deadlines: begins them, fires them, and knows the time.

extension LoopState {
  /// Deadlines that fire in one turn at most: the kernel and other threads get their turn between a great many.
  private static let firesPerTurn = 4_096

  /// Has something happen to `owner` at `deadline`. O(1).
  mutating func insertTimer(_ owner: TimerOwner, _ deadline: Deadline) {
    timers.insert(owner, deadline: deadline.nanoseconds)
  }

  /// Looks at the clock and wakes those whose deadline has come. If none has, that is some 25 ns, however many there are.
  mutating func fireTimers() {
    let now = clock.look(inTurn: counters.turns)
    var left = LoopState.firesPerTurn
    while left > 0, let owner = timers.popExpired(now: now) {
      fire(owner)
      left -= 1
    }
  }

  private mutating func fire(_ owner: TimerOwner) {
    if owner.isScope {
      unsafe cancelScope(owner.scope, isTimeout: true)
    } else if owner.isJob {
      runQueue.push(RunItem(sleepJob: owner.job))
    } else {
      unsafe timeOut(owner.slot)
    }
  }

  /// Runs the jobs that wait for a deadline before it comes: the end of a runtime, when all that is left are those of sleeps
  /// that were cancelled, which only free themselves.
  static func runJobsEarly(_ loop: LoopPointer) {
    // Tasks that did not end keep their deadlines.
    guard unsafe loop.pointee.slab.residents == 0 && loop.pointee.slab.guests == 0 else { return }
    while let owner = unsafe loop.pointee.timers.popExpired(now: .max) {
      unsafe loop.pointee.fire(owner)
      while let item = unsafe loop.pointee.runQueue.pop() { unsafe runItem(item, loop) }
    }
  }

  /// Moves a manual clock to the next deadline, if that is not after `limit`, and wakes whose it is; false if there is none.
  mutating func advanceToNextDeadline(atMost limit: UInt64) -> Bool {
    guard let next = timers.earliest, next <= limit else { return false }
    clock.move(to: next)
    fireTimers()
    return true
  }

  /// The time as the loop knows it: of the turn it is in.
  mutating func loopTime() -> Deadline { Deadline(nanoseconds: clock.time(ofTurn: counters.turns)) }
}
