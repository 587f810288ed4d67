// What the loop does to a slot: finds the current one, ends its wait, takes it from the queue.
// The phases and who may move them are in TaskSlot.swift.

public import CNexus
public import Synchronization

extension LoopState {
  /// The slot of the task that runs now: its own if it is a resident, a borrowed one if it is a child task of one.
  @inlinable @inline(__always)
  mutating func currentSlot(_ what: StaticString) -> SlotPointer {
    let task = unsafe currentTask()
    // The hint is right unless the task came back from a native suspension since.
    if let slot = unsafe resumed, unsafe slot.pointee.suspension.task == task { return unsafe slot }
    return unsafe findSlot(of: task, what)
  }

  /// The slot of the task that runs now if it has one. Lends none.
  func knownSlot(of task: UnsafeMutableRawPointer) -> SlotPointer? {
    if let slot = unsafe resumed, unsafe slot.pointee.suspension.task == task { return unsafe slot }
    return unsafe slab.slot(of: task)
  }

  /// The Swift task that runs now, or nil.
  @inlinable @inline(__always)
  func currentTask() -> UnsafeMutableRawPointer? {
    if way == NEXUS_WAY_DIRECT { return unsafe nexus_current_task_direct() }
    return unsafe nexus_current_task()
  }

  @usableFromInline @inline(never)
  mutating func findSlot(of task: UnsafeMutableRawPointer?, _ what: StaticString) -> SlotPointer {
    guard let task = unsafe task else { LoopState.trapOutsideRuntime(what) }
    if let slot = unsafe slab.slot(of: task) {
      unsafe resumed = slot
      return unsafe slot
    }
    let slot = unsafe slab.take(.guest)
    unsafe slot.pointee.suspension.task = task
    return unsafe slot
  }

  /// Begins a wait of the running task, in phase `armed` or `armedLocal`; false if its slot is still queued for an earlier
  /// one, and so can not be armed.
  @inlinable @inline(__always)
  mutating func arm(_ slot: SlotPointer, _ phase: UInt64) -> Bool {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    // Still queued for a wait that was given up: the queue owns the slot's link and its reason until the loop takes it
    // out. This wait is then over as soon as that happens, which its task takes for a spurious wake.
    guard word & SlotState.phaseMask == SlotState.idle else {
      require(
        word & SlotState.phaseMask == SlotState.queued,
        "NexusRT: a task can wait for one thing at a time: end its Wait by suspend() or giveUp() before it makes another"
      )
      return false
    }
    unsafe slot.pointee.reason = .woken
    // A child task can be cancelled from any thread.
    let phase = unsafe slot.pointee.role == .guest && phase == SlotState.armedLocal ? SlotState.armed : phase
    // Relaxed: the token becomes known to other threads by the release with which it is registered.
    unsafe slot.pointee.state.store(SlotState.next(phase, after: word), ordering: .relaxed)
    return true
  }

  /// Begins a wait that is over at once: the running task goes to the end of the run queue.
  @inlinable @inline(__always)
  mutating func armQueued(_ slot: SlotPointer) {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    // Queued still for a wait that was given up: then it is in the run queue, or comes there.
    guard word & SlotState.phaseMask == SlotState.idle else { return }
    unsafe slot.pointee.reason = .woken
    unsafe slot.pointee.state.store(SlotState.with(SlotState.queued, of: word), ordering: .relaxed)
    unsafe runQueue.push(RunItem(slot: slot))
  }

  /// Ends a wait that the task no longer needs, before it suspended; false if somebody ended it before.
  @inlinable @inline(__always)
  @discardableResult
  mutating func giveUp(_ slot: SlotPointer) -> Bool {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    var wasArmed = false
    switch word & SlotState.phaseMask {
    case SlotState.armedLocal:
      unsafe slot.pointee.state.store(SlotState.with(SlotState.idle, of: word), ordering: .relaxed)
      wasArmed = true
    case SlotState.armed:
      // If the exchange fails a waker was first, and the slot is in a queue or on its way into one. The loop takes it
      // out later, sees that its task is not suspended, and leaves it alone.
      wasArmed =
        unsafe slot.pointee.state.compareExchange(
          expected: word, desired: SlotState.with(SlotState.idle, of: word), ordering: .acquiring
        ).exchanged
    default: break
    }
    if unsafe slot.pointee.role == .guest { unsafe releaseGuest(slot) }
    return wasArmed
  }

  /// Why the wait of the resumed `slot` ended.
  @inlinable @inline(__always)
  mutating func finishWait(_ slot: SlotPointer) -> WaitOutcome {
    let reason = unsafe slot.pointee.reason
    if unsafe slot.pointee.role == .guest { unsafe releaseGuest(slot) }
    return reason
  }

  /// Whether a wait of the slot's task is cancelled from its start: the task is, or a scope that it is in.
  @inlinable @inline(__always)
  func isCancelled(_ slot: SlotPointer) -> Bool {
    if unsafe slot.pointee.cancellations != 0 { return true }
    // A resident is cancelled through its handle alone, which counts; the Swift runtime's answer costs a locked
    // 16-byte load.
    if unsafe slot.pointee.role == .resident { return false }
    return unsafe nexus_task_is_cancelled(slot.pointee.suspension.task.unsafelyUnwrapped)
  }

  /// Has the slot's wait end at `deadline`, with the reason `timedOut`.
  @usableFromInline
  mutating func startTimer(_ slot: SlotPointer, _ deadline: Deadline) {
    unsafe insertTimer(TimerOwner(slot), deadline)
  }

  /// Takes the deadline back; nothing happens if it was it that ended the wait.
  @usableFromInline
  mutating func stopTimer(_ slot: SlotPointer) { unsafe timers.remove(TimerOwner(slot)) }

  /// Has the loop look at the words of `watch` for the armed wait of `slot`.
  @usableFromInline
  mutating func add(_ watch: WordWatch, _ token: WakeToken, _ slot: SlotPointer) {
    let armed = unsafe slot.pointee.state.load(ordering: .relaxed)
    // Given up and still queued: over before it began.
    guard armed & SlotState.phaseMask == SlotState.armed else { return }
    unsafe watched.add(watch, token, slot, armed: armed)
  }

  /// Ends the waits whose words have changed. With `isLast` none is looked at again, which takes a heavy fence.
  mutating func checkWatched(isLast: Bool) {
    if isLast {
      watched.announceAll()
      nexus_heavy_fence()
    }
    var changed = RunQueue()
    unsafe watched.check { slot, armed in
      // Of the state that was seen: another thread may have ended the wait since.
      let (isClaimed, _) = unsafe slot.pointee.state.compareExchange(
        expected: armed, desired: SlotState.with(SlotState.queued, of: armed),
        ordering: .acquiringAndReleasing)
      guard isClaimed else { return }
      unsafe slot.pointee.reason = .woken
      changed.push(unsafe RunItem(slot: slot))
    }
    while let item = changed.pop() { runQueue.push(item) }
    if isLast { watched.forgetAll() }
  }

  /// Gives a guest's slot back, now or, while it is in a queue, when the loop takes it out; not while its task is in a
  /// scope.
  @usableFromInline @inline(never)
  mutating func releaseGuest(_ slot: SlotPointer) {
    unsafe timers.remove(TimerOwner(slot))
    if unsafe slot.pointee.scope != nil { return }
    // No hint to a slot without a task, as when a resident leaves.
    if unsafe resumed == slot { unsafe resumed = nil }
    unsafe slot.pointee.suspension.task = nil
    if unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask == SlotState.idle {
      unsafe slab.give(back: slot)
    }
  }

  /// Wakes the task of a slot that is known to wait for the caller's event, if nobody else did. O(1).
  @inlinable @inline(__always)
  mutating func wakeLocally(_ slot: SlotPointer) {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    if word & SlotState.phaseMask == SlotState.armedLocal {
      unsafe slot.pointee.state.store(SlotState.with(SlotState.queued, of: word), ordering: .relaxed)
      unsafe runQueue.push(RunItem(slot: slot))
    } else {
      unsafe endArmed(slot, word, .woken)
    }
  }

  /// Ends the wait of a slot whose deadline has come, if it still lasts.
  mutating func timeOut(_ slot: SlotPointer) {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    if word & SlotState.phaseMask == SlotState.armedLocal {
      unsafe slot.pointee.reason = .timedOut
      unsafe wakeLocally(slot)
    } else {
      unsafe endArmed(slot, word, .timedOut)
    }
  }

  /// Ends an armed wait that other threads may be ending too. Pushes to this state's own queue, and not through the
  /// thread's pointer as a token would: `self` is exclusively ours here.
  @usableFromInline @inline(never)
  mutating func endArmed(_ slot: SlotPointer, _ word: UInt64, _ reason: WaitOutcome) {
    guard word & SlotState.phaseMask == SlotState.armed,
      unsafe slot.pointee.state.compareExchange(
        expected: word, desired: SlotState.with(SlotState.queued, of: word),
        ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    unsafe slot.pointee.reason = reason
    unsafe runQueue.push(RunItem(slot: slot))
  }

  /// The token of the wait that `word` stands for.
  @inlinable @inline(__always)
  func token(of slot: SlotPointer, _ word: UInt64) -> WakeToken {
    unsafe WakeToken(generation: word >> 32, mailbox: mailbox.pointee.index, slot: slot.pointee.index)
  }

  /// A completion for `slot` has arrived: its task goes on.
  mutating func complete(_ slot: SlotPointer) {
    while true {
      let word = unsafe slot.pointee.state.load(ordering: .relaxed)
      let phase = word & SlotState.phaseMask
      assert(phase == SlotState.inFlight || phase == SlotState.cancelQueued || phase == SlotState.cancelling)
      let moved = unsafe slot.pointee.state.compareExchange(
        expected: word, desired: SlotState.with(SlotState.queued, of: word),
        ordering: .acquiringAndReleasing
      ).exchanged
      guard moved else { continue }
      // On its way through a queue to be cancelled: it is there already.
      if phase != SlotState.cancelQueued { unsafe runQueue.push(RunItem(slot: slot)) }
      return
    }
  }

  /// Cancels the slot's wait, if it waits. Its task, or a scope of it, was marked as cancelled before.
  mutating func cancelWait(of slot: SlotPointer) {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    switch word & SlotState.phaseMask {
    case SlotState.armedLocal:
      unsafe slot.pointee.reason = .cancelled
      unsafe wakeLocally(slot)
    case SlotState.armed: unsafe endArmed(slot, word, .cancelled)
    case SlotState.inFlight:
      // A child task may be cancelled by another thread at the same time.
      let isMine = unsafe slot.pointee.state.compareExchange(
        expected: word, desired: SlotState.with(SlotState.cancelQueued, of: word),
        ordering: .acquiringAndReleasing
      ).exchanged
      if isMine { unsafe runQueue.push(RunItem(slot: slot)) }
    default: break  // Runs, is queued, or is being cancelled already.
    }
  }

  /// What the loop is to do with a slot it took from the run queue.
  enum Popped {
    case resume
    /// Nothing: its wait was given up after it was woken, or it goes on waiting for the kernel.
    case leave
  }

  /// Moves a slot that was taken from the run queue on.
  @inline(__always)
  mutating func popped(_ slot: SlotPointer) -> Popped {
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    if word & SlotState.phaseMask == SlotState.queued, unsafe slot.pointee.suspension.context != nil {
      // A plain store: a stale token's exchange fails before and after it alike.
      unsafe slot.pointee.state.store(SlotState.with(SlotState.idle, of: word), ordering: .relaxed)
      unsafe resumed = slot
      budget = LoopState.budgetPerResume
      return .resume
    }
    return unsafe poppedUnusual(slot, word)
  }

  @inline(never)
  private mutating func poppedUnusual(_ slot: SlotPointer, _ word: UInt64) -> Popped {
    switch word & SlotState.phaseMask {
    case SlotState.queued:
      if unsafe slot.pointee.isOnItsWay {
        // Woken before it was suspended: it will be soon.
        unsafe runQueue.push(RunItem(slot: slot))
        break
      }
      unsafe slot.pointee.state.store(SlotState.with(SlotState.idle, of: word), ordering: .relaxed)
      if unsafe slot.pointee.role == .guest, unsafe slot.pointee.suspension.task == nil {
        unsafe slab.give(back: slot)
      }
    case SlotState.cancelQueued:
      // Only this thread moves `cancelQueued` on.
      unsafe slot.pointee.state.store(SlotState.with(SlotState.cancelling, of: word), ordering: .relaxed)
      unsafe reactor.prepareCancel(of: slot)
    default: assertionFailure("a slot in phase \(word & SlotState.phaseMask) was in the run queue")
    }
    return .leave
  }
}
