// Residents: the Swift tasks that run spawned bodies. A finished body does not end its Swift task; the task parks in its
// slot and is given the next body, which saves what making and freeing a Swift task costs.

internal import CNexus
internal import Synchronization

extension LoopState {
  /// Gives `body` to a parked resident, or to a new one, and puts that in the run queue.
  @usableFromInline
  static func start(_ body: BodyPointer, _ loop: LoopPointer) {
    unsafe loop.pointee.counters.spawns &+= 1
    unsafe loop.pointee.slab.bodies += 1
    if unsafe loop.pointee.mustInherit() { return unsafe startResident(body, loop, isSingleUse: true) }
    guard let slot = unsafe loop.pointee.slab.firstParked else {
      return unsafe startResident(body, loop, isSingleUse: false)
    }
    unsafe loop.pointee.slab.firstParked = unsafe slot.pointee.suspension.link?
      .assumingMemoryBound(to: TaskSlot.self)
    unsafe body.pointee.slot = slot
    unsafe slot.pointee.body = body
    unsafe loop.pointee.armQueued(slot)
  }

  @inline(never)
  private static func startResident(_ body: BodyPointer, _ loop: LoopPointer, isSingleUse: Bool) {
    let slot = unsafe loop.pointee.slab.take(.resident)
    unsafe loop.pointee.slab.willStartResident()
    unsafe slot.pointee.isSingleUse = isSingleUse
    unsafe body.pointee.slot = slot
    unsafe slot.pointee.body = body
    // Sound to send: the task runs on this thread, and nowhere else, for all its life.
    nonisolated(unsafe) let itsSlot = unsafe slot
    nonisolated(unsafe) let itsLoop = unsafe loop
    let object = unsafe loop.pointee.loop
    let actor = unsafe object.actor!
    // With the executor preference what is not isolated to us, child tasks above all, comes to this thread too.
    // A task that will run many bodies is detached: it inherits nothing of whoever happens to spawn first.
    if isSingleUse {
      Task(executorPreference: object) {
        unsafe await LoopState.reside(in: itsSlot, itsLoop, isolation: actor)
      }
    } else {
      Task.detached(executorPreference: object) {
        unsafe await LoopState.reside(in: itsSlot, itsLoop, isolation: actor)
      }
    }
  }

  /// A resident's life.
  private static func reside(in slot: SlotPointer, _ loop: LoopPointer, isolation: isolated LoopActor) async {
    unsafe loop.pointee.slab.enter(resident: slot, task: nexus_current_task().unsafelyUnwrapped)
    while true {
      unsafe loop.pointee.resumed = slot
      guard let body = unsafe slot.pointee.body else { break }
      unsafe body.pointee.hasStarted = true
      if unsafe body.pointee.isCancelled || loop.pointee.isEnding { unsafe cancel(slot, loop) }
      unsafe await run(body, loop)
      // A wake that was sent to a wait the body gave up can still hold the slot's link.
      while unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask != SlotState.idle {
        unsafe await Suspension.suspend(slot, loop)
      }
      unsafe loop.pointee.ended(body, slot)
      // If nobody joins this is the end of its result, which may be the user's code: nothing is half done here.
      unsafe TaskBody.release(body)
      // What was cancelled stays cancelled, and what was inherited stays bound: such a task is not used again.
      if unsafe slot.pointee.isSingleUse || slot.pointee.isCancelled
        || nexus_task_is_cancelled(slot.pointee.suspension.task.unsafelyUnwrapped)
      {
        break
      }
      unsafe loop.pointee.parkResident(slot)
      unsafe await Suspension.suspend(slot, loop)
    }
    // No hint to a slot without a task: where no task runs it would be taken for that of the current one.
    unsafe loop.pointee.resumed = nil
    unsafe loop.pointee.slab.leave(resident: slot)
  }

  /// Runs the closure of a body, and makes sure that what follows runs on the loop's executor.
  @inline(__always)
  nonisolated(nonsending) private static func run(_ body: BodyPointer, _ loop: LoopPointer) async {
    if unsafe loop.pointee.way == NEXUS_WAY_DIRECT {
      let error = unsafe await nexusRunBody(
        UnsafeMutableRawPointer(body).assumingMemoryBound(to: nexus_body_call.self))
      if let error = unsafe error {
        // Sound: a thrown error is one owned reference, and so is the optional's payload.
        unsafe withUnsafeMutableBytes(of: &body.pointee.error) {
          unsafe $0.storeBytes(of: error, as: UnsafeMutableRawPointer.self)
        }
        unsafe body.pointee.outcome = .failure
      } else {
        unsafe body.pointee.outcome = .success
      }
      if unsafe nexus_current_executor() != loop.pointee.executorAddress { await comeHome() }
    } else {
      unsafe await body.pointee.runPortably(body)
    }
    // Sound: a closure in memory is destroyed alike whatever its type; it is not used again.
    let layout = BodyLayout(Void.self, Void.self, Void.self)
    unsafe (UnsafeMutableRawPointer(body) + layout.closure).assumingMemoryBound(to: (() -> Void).self)
      .deinitialize(count: 1)
  }

  /// Suspends and goes on where the caller is isolated to.
  @concurrent private static func comeHome() async {}

  /// Bookkeeping for a body that ended; nothing of the user's runs here.
  @inline(__always)
  private mutating func ended(_ body: BodyPointer, _ slot: SlotPointer) {
    unsafe assert(slot.pointee.scope == nil)
    unsafe slot.pointee.body = nil
    unsafe body.pointee.slot = nil
    slab.bodies -= 1
    if let joiner = unsafe body.pointee.joiner {
      bodiesJoined &+= 1
      unsafe body.pointee.place = bodiesJoined
      unsafe wakeLocally(joiner)
    }
  }

  @inline(__always)
  private mutating func parkResident(_ slot: SlotPointer) {
    unsafe slot.pointee.suspension.link = UnsafeMutableRawPointer(slab.firstParked)
    unsafe slab.firstParked = slot
  }

  /// Marks the resident's task as cancelled and ends its wait.
  ///
  /// Through the pointer, like everything that may run others' code: the Swift runtime calls the cancellation handlers of
  /// the task's children, and these queue what they wake.
  static func cancel(_ slot: SlotPointer, _ loop: LoopPointer) {
    guard unsafe !slot.pointee.isCancelled else { return }
    unsafe slot.pointee.isCancelled = true
    unsafe slot.pointee.cancellations += 1
    unsafe nexus_task_cancel(slot.pointee.suspension.task.unsafelyUnwrapped)
    unsafe loop.pointee.cancelWait(of: slot)
  }

  /// Cancels every resident that has a body.
  static func cancelAll(_ loop: LoopPointer) {
    var slots = unsafe loop.pointee.slab.residentsWithBody
    while let slot = unsafe slots.popLast() { unsafe cancel(slot, loop) }
  }

  /// Lets every parked resident end: each resumes without a body and leaves.
  mutating func dismissParked() {
    while let slot = unsafe slab.firstParked {
      unsafe slab.firstParked = unsafe slot.pointee.suspension.link?.assumingMemoryBound(to: TaskSlot.self)
      unsafe armQueued(slot)
    }
  }
}
