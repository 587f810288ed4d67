// What the loop does to a cancel scope: begins it, cancels it, ends it.

internal import CNexus
internal import Synchronization

extension LoopState {
  /// Puts the running task into a new scope. `what` goes into the trap's message.
  @usableFromInline
  mutating func enterScope(_ what: StaticString) -> ScopePointer {
    let slot = unsafe currentSlot(what)
    // A child task keeps the slot it is lent for as long as it is in a scope.
    if unsafe slot.pointee.role == .guest && slot.pointee.scope == nil { unsafe slab.keep(guest: slot) }
    let scope = unsafe scopes.take(for: slot)
    unsafe slot.pointee.scope = scope
    return unsafe scope
  }

  /// The same, with a time at which the scope is cancelled: at once if that has come.
  @usableFromInline
  mutating func enterScope(_ what: StaticString, until deadline: Deadline, isPast: Bool) -> ScopePointer {
    let scope = unsafe enterScope(what)
    if isPast {
      unsafe cancelScope(scope, isTimeout: true)
    } else {
      unsafe insertTimer(TimerOwner(scope), deadline)
    }
    return unsafe scope
  }

  /// Takes the running task out of its innermost scope, which must be `scope`.
  ///
  /// - Returns: Whether that ended because its time was up.
  @usableFromInline
  mutating func leaveScope(_ scope: ScopePointer) -> Bool {
    let slot = unsafe scope.pointee.owner.unsafelyUnwrapped
    unsafe assert(slot.pointee.scope == scope, "a scope was left before one inside it")
    unsafe timers.remove(TimerOwner(scope))
    unsafe slot.pointee.scope = scope.pointee.outer
    if unsafe scope.pointee.isCancelled { unsafe slot.pointee.cancellations -= 1 }
    let isTimedOut = unsafe scope.pointee.isTimedOut
    unsafe scopes.give(back: scope)
    if unsafe slot.pointee.role == .guest && slot.pointee.scope == nil {
      unsafe slab.stopKeeping(guest: slot)
      unsafe releaseGuest(slot)
    }
    return isTimedOut
  }

  /// Cancels a scope: its task's current wait, if it waits in our way, and all later ones inside it.
  ///
  /// Whatever the slot waits for is inside: a task that is in a scope leaves it before it does anything else.
  mutating func cancelScope(_ scope: ScopePointer, isTimeout: Bool) {
    guard unsafe !scope.pointee.isCancelled else { return }
    let slot = unsafe scope.pointee.owner.unsafelyUnwrapped
    // What came first is what the body's error is about.
    unsafe scope.pointee.isTimedOut = isTimeout && !isCancelledAround(scope)
    unsafe scope.pointee.isCancelled = true
    unsafe slot.pointee.cancellations += 1
    unsafe cancelWait(of: slot)
  }

  /// Whether the scope's task was cancelled, or a scope around it. O(1) if neither, else O(depth).
  private func isCancelledAround(_ scope: ScopePointer) -> Bool {
    let slot = unsafe scope.pointee.owner.unsafelyUnwrapped
    if unsafe !isCancelled(slot) { return false }
    let task = unsafe slot.pointee.suspension.task.unsafelyUnwrapped
    if unsafe nexus_task_is_cancelled(task) { return true }
    var next = unsafe scope.pointee.outer
    while let outer = unsafe next {
      if unsafe outer.pointee.isCancelled { return true }
      unsafe next = outer.pointee.outer
    }
    return false
  }

  /// Whether the running task, or a scope it is in, was cancelled; nil if no task runs. Lends no slot.
  func isRunningTaskCancelled() -> Bool? {
    guard let task = unsafe currentTask() else { return nil }
    if let slot = unsafe knownSlot(of: task), unsafe isCancelled(slot) { return true }
    return unsafe nexus_task_is_cancelled(task)
  }
}
