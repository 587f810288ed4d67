// Residents as ordinary Swift tasks: of the portable ways of suspending; of tasks that inherit task-local values; and where the
// Swift runtime does not lay a task out in memory that it is given.

internal import CNexus

extension LoopState {
  /// Makes the Swift task of the resident of `slot`.
  static func startPortably(_ slot: SlotPointer, _ loop: LoopPointer) {
    // Sound to send: the task runs on this thread, and nowhere else, for all its life.
    nonisolated(unsafe) let itsSlot = unsafe slot
    nonisolated(unsafe) let itsLoop = unsafe loop
    let object = unsafe loop.pointee.loop
    let actor = unsafe object.actor!
    // With the executor preference what is not isolated to us, child tasks above all, comes to this thread too.
    // A task that will run many bodies is detached: it inherits nothing of whoever happens to spawn first.
    if unsafe slot.pointee.isSingleUse {
      Task(executorPreference: object) {
        unsafe await LoopState.reside(in: itsSlot, itsLoop, isolation: actor)
      }
    } else {
      Task.detached(executorPreference: object) {
        unsafe await LoopState.reside(in: itsSlot, itsLoop, isolation: actor)
      }
    }
  }

  /// A resident's life. Inlined into its task's closure: a context less in each task.
  @inline(__always)
  private static func reside(in slot: SlotPointer, _ loop: LoopPointer, isolation: isolated LoopActor) async {
    unsafe loop.pointee.slab.enter(resident: slot, task: nexus_current_task().unsafelyUnwrapped)
    unsafe loop.pointee.resumed = slot
    if unsafe slot.pointee.body == nil {
      unsafe loop.pointee.parkResident(slot)
      unsafe await Suspension.suspend(slot, loop)
    }
    while let body = unsafe begin(slot, loop) {
      unsafe await body.pointee.runPortably(body)
      var step = unsafe settle(slot, loop)
      while step == NEXUS_RESIDENT_WAITS || step == NEXUS_RESIDENT_COMES_HOME {
        if step == NEXUS_RESIDENT_WAITS {
          unsafe await Suspension.suspend(slot, loop)
        } else {
          await comeHome()
        }
        step = unsafe settle(slot, loop)
      }
      if step == NEXUS_RESIDENT_LEAVES { break }
      unsafe await Suspension.suspend(slot, loop)
    }
    // No hint to a slot without a task: where no task runs it would be taken for that of the current one.
    unsafe loop.pointee.resumed = nil
    unsafe loop.pointee.slab.leave(resident: slot)
  }

  /// Suspends and goes on where the caller is isolated to.
  @concurrent private static func comeHome() async {}
}
