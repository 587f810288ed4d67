// One wait of the current task: armed, registered somewhere by its token, then suspended or given up.

public import Synchronization

/// One wait of the task that runs now.
///
/// The order is what makes it safe: make the `Wait` (which arms the task's slot), register its token where the wake
/// will come from, look once more whether the wait is still needed, then `suspend` or `giveUp`. A wake between any two of
/// these is kept, and `suspend` then returns at once. Nothing else may suspend in between.
@frozen
@safe
public struct Wait: ~Copyable {
  @usableFromInline let slot: SlotPointer
  @usableFromInline let loop: LoopPointer
  /// Whether the task, or a cancel scope it is in, had been cancelled before the wait began: then `suspend` does not
  /// suspend.
  @usableFromInline let wasCancelled: Bool
  /// Whether anybody can end this wait: not if its slot is still queued for an earlier one.
  @usableFromInline let isArmed: Bool

  /// Arms the current task for a wake from any thread.
  ///
  /// Traps outside a task of a runtime: `operation` names the caller in the message.
  /// O(1); no allocation in a spawned task, and at most a slot of the slab in a child task.
  @inlinable @inline(__always)
  public init(for operation: StaticString) {
    unsafe self.init(LoopState.current(for: operation), SlotState.armed, operation)
  }

  /// Arms the current task for a wake by the loop's own thread alone, which costs no atomic read-modify-write.
  @inlinable @inline(__always)
  package init(localFor operation: StaticString) {
    unsafe self.init(LoopState.current(for: operation), SlotState.armedLocal, operation)
  }

  @inlinable @inline(__always)
  init(local loop: LoopPointer, for operation: StaticString) {
    unsafe self.init(loop, SlotState.armedLocal, operation)
  }

  @inlinable @inline(__always)
  init(_ loop: LoopPointer, _ phase: UInt64, _ operation: StaticString) {
    unsafe self.loop = loop
    unsafe slot = loop.pointee.currentSlot(operation)
    unsafe wasCancelled = loop.pointee.isCancelled(slot)
    unsafe isArmed = loop.pointee.arm(slot, phase)
    // A literal's address: one store of a constant.
    unsafe slot.pointee.operation = operation.utf8Start
  }

  /// Names this wait: whoever holds the token may end it.
  @inlinable
  public var token: WakeToken {
    @inline(__always) get {
      unsafe loop.pointee.token(of: slot, slot.pointee.state.load(ordering: .relaxed))
    }
  }

  /// Suspends the task until the token is woken or the task is cancelled.
  ///
  /// - Returns: true if it was woken, false if it was cancelled. After either the token is stale; take it out of
  ///   wherever it was registered.
  @inlinable @inline(__always)
  nonisolated(nonsending) public consuming func suspend() async -> Bool {
    // A wake that came first counts: its sender may have left something.
    if wasCancelled { return endCancelled() == .woken }
    let slot = unsafe self.slot
    let loop = unsafe self.loop
    discard self
    unsafe await Wait.suspend(slot, loop)
    return unsafe loop.pointee.finishWait(slot) == .woken
  }

  /// The same until `deadline` at the latest; nil is never.
  ///
  /// O(1), however many waits have a deadline.
  @inlinable @inline(__always)
  nonisolated(nonsending) public consuming func suspend(until deadline: Deadline?) async -> WaitOutcome {
    if wasCancelled { return endCancelled() }
    let slot = unsafe self.slot
    let loop = unsafe self.loop
    discard self
    if let deadline { unsafe loop.pointee.startTimer(slot, deadline) }
    unsafe await Wait.suspend(slot, loop)
    if deadline != nil { unsafe loop.pointee.stopTimer(slot) }
    return unsafe loop.pointee.finishWait(slot)
  }

  /// Ends the wait without suspending.
  ///
  /// - Returns: false if somebody ended it before: look again then, if that could have meant something.
  @inlinable @inline(__always)
  @discardableResult
  public consuming func giveUp() -> Bool {
    let wasArmed = unsafe loop.pointee.giveUp(slot)
    discard self
    return wasArmed
  }

  /// Ends a wait that was cancelled before it began, without suspending.
  @inlinable
  consuming func endCancelled() -> WaitOutcome {
    let couldBeWoken = isArmed
    let wasArmed = giveUp()
    return couldBeWoken && !wasArmed ? .woken : .cancelled
  }

  @inlinable @inline(__always)
  nonisolated(nonsending) static func suspend(_ slot: SlotPointer, _ loop: LoopPointer) async {
    if unsafe slot.pointee.role == .resident {
      unsafe await Suspension.suspend(slot, loop)
    } else {
      unsafe await Wait.suspendGuest(slot, loop)
    }
  }

  deinit { unsafe loop.pointee.giveUp(slot) }

  /// A child task is cancelled by the Swift runtime, which tells those who ask: here the loop itself is not asked first.
  @usableFromInline @inline(never)
  nonisolated(nonsending) static func suspendGuest(_ slot: SlotPointer, _ loop: LoopPointer) async {
    let token = unsafe loop.pointee.token(of: slot, slot.pointee.state.load(ordering: .relaxed))
    // Sound to send: the operation runs here, inside the caller's isolation.
    nonisolated(unsafe) let parkedSlot = unsafe slot
    nonisolated(unsafe) let parkedLoop = unsafe loop
    unsafe slot.pointee.isOnItsWay = true
    await withTaskCancellationHandler(
      operation: {
        unsafe parkedSlot.pointee.isOnItsWay = false
        unsafe await Suspension.suspend(parkedSlot, parkedLoop)
      },
      onCancel: { _ = token.end(.cancelled) }, isolation: #isolation)
  }
}

extension Wait {
  /// Suspends the running task until somebody of its own runtime wakes `slot` (`wakeLocally`), or for no reason. Its
  /// cancellation does not keep it from suspending: for what must be waited for to the end.
  nonisolated(nonsending) static func suspendToTheEnd(_ slot: SlotPointer, _ loop: LoopPointer) async {
    // Not armed if the slot is still queued for an earlier wait: then the loop resumes it when it takes it out.
    _ = unsafe loop.pointee.arm(slot, SlotState.armedLocal)
    unsafe await Suspension.suspend(slot, loop)
    _ = unsafe loop.pointee.finishWait(slot)
  }
}
