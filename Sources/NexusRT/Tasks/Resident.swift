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

  /// Has `count` residents parked: the first bodies then need not wait for one to be made. Inside a job of the loop, before any
  /// other task runs.
  static func prepareResidents(_ count: Int, _ loop: LoopPointer) {
    for _ in 0..<count { unsafe startResident(nil, loop, isSingleUse: false) }
    while let item = unsafe loop.pointee.runQueue.pop() { unsafe runItem(item, loop) }
  }

  /// Makes a resident, with the body that it is to run first, or to park without one.
  @inline(never)
  private static func startResident(_ body: BodyPointer?, _ loop: LoopPointer, isSingleUse: Bool) {
    let slot = unsafe loop.pointee.slab.take(.resident)
    unsafe loop.pointee.slab.willStartResident()
    unsafe slot.pointee.isSingleUse = isSingleUse
    unsafe body?.pointee.slot = slot
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
    if unsafe loop.pointee.movesFrames {
      // The new task is what was enqueued last.
      let item = unsafe RunItem(bits: loop.pointee.runQueue.tail)
      unsafe loop.pointee.slab.moveFrames(of: unsafeBitCast(item.job, to: UnsafeMutableRawPointer.self), slot)
    }
  }

  /// A resident's life. Inlined into its task's closure: a context less in each task.
  @inline(__always)
  private static func reside(in slot: SlotPointer, _ loop: LoopPointer, isolation: isolated LoopActor) async {
    unsafe loop.pointee.slab.enter(resident: slot, task: nexus_current_task().unsafelyUnwrapped)
    unsafe loop.pointee.resumed = slot
    var step = NEXUS_RESIDENT_RUNS
    if unsafe slot.pointee.body == nil {
      unsafe loop.pointee.parkResident(slot)
      step = NEXUS_RESIDENT_PARKS
    }
    if unsafe loop.pointee.way == NEXUS_WAY_DIRECT {
      repeat {
        unsafe slot.pointee.suspension.resident_step = step
        unsafe await nexusReside(
          Suspension.suspension(of: slot), { unsafe LoopState.began($0) },
          { unsafe LoopState.returned($0, $1) })
        step = unsafe slot.pointee.suspension.resident_step
        if step == NEXUS_RESIDENT_WAITS { step = unsafe await wait(slot, loop) }
      } while step != NEXUS_RESIDENT_LEAVES
    } else {
      while true {
        if step == NEXUS_RESIDENT_PARKS { unsafe await Suspension.suspend(slot, loop) }
        guard let body = unsafe begin(slot, loop) else { break }
        unsafe await body.pointee.runPortably(body)
        step = unsafe await wait(slot, loop)
        if step == NEXUS_RESIDENT_LEAVES { break }
      }
    }
    // No hint to a slot without a task: where no task runs it would be taken for that of the current one.
    unsafe loop.pointee.resumed = nil
    unsafe loop.pointee.slab.leave(resident: slot)
  }

  /// What a resident does first when it goes on. The body it was given, or nil: then it is to leave.
  @inline(__always)
  private static func begin(_ slot: SlotPointer, _ loop: LoopPointer) -> BodyPointer? {
    unsafe loop.pointee.resumed = slot
    guard let body = unsafe slot.pointee.body else { return nil }
    unsafe body.pointee.hasStarted = true
    if unsafe body.pointee.isCancelled || loop.pointee.isEnding { unsafe cancel(slot, loop) }
    return unsafe body
  }

  /// `begin`, as nexus_reside calls it.
  private static func began(_ suspension: UnsafeMutablePointer<nexus_suspension>) -> UnsafePointer<
    nexus_body_call
  >? {
    // Sound: a slot begins with its suspension, and a body with its call; residents run on their loop's thread.
    let slot = unsafe UnsafeMutableRawPointer(suspension).assumingMemoryBound(to: TaskSlot.self)
    let body = unsafe begin(slot, LoopState.ofThisThread.unsafelyUnwrapped)
    return unsafe body.map { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: nexus_body_call.self) }
  }

  /// What nexus_reside does after a body's closure has returned.
  private static func returned(
    _ suspension: UnsafeMutablePointer<nexus_suspension>, _ error: UnsafeMutableRawPointer?
  ) -> nexus_resident_step {
    let slot = unsafe UnsafeMutableRawPointer(suspension).assumingMemoryBound(to: TaskSlot.self)
    let loop = unsafe LoopState.ofThisThread.unsafelyUnwrapped
    let body = unsafe slot.pointee.body.unsafelyUnwrapped
    if let error = unsafe error {
      // Sound: a thrown error is one owned reference, and so is the optional's payload.
      unsafe withUnsafeMutableBytes(of: &body.pointee.error) {
        unsafe $0.storeBytes(of: error, as: UnsafeMutableRawPointer.self)
      }
      unsafe body.pointee.outcome = .failure
    } else {
      unsafe body.pointee.outcome = .success
    }
    // Elsewhere: a closure that the compiler made nonisolated, say. Or a wake is still on its way to the slot.
    if unsafe nexus_current_executor() != loop.pointee.executorAddress || !isIdle(slot) {
      return NEXUS_RESIDENT_WAITS
    }
    return unsafe finish(body, slot, loop)
  }

  /// Waits until the resident is on its loop's executor, and nothing that the body left behind holds its slot; then finishes.
  nonisolated(nonsending) private static func wait(_ slot: SlotPointer, _ loop: LoopPointer) async
    -> nexus_resident_step
  {
    if unsafe nexus_current_executor() != loop.pointee.executorAddress { await comeHome() }
    // A wake that was sent to a wait the body gave up can still hold the slot's link.
    while unsafe !isIdle(slot) { unsafe await Suspension.suspend(slot, loop) }
    return unsafe finish(slot.pointee.body.unsafelyUnwrapped, slot, loop)
  }

  @inline(__always)
  private static func isIdle(_ slot: SlotPointer) -> Bool {
    unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask == SlotState.idle
  }

  /// Suspends and goes on where the caller is isolated to.
  @concurrent private static func comeHome() async {}

  /// The end of a body: its closure, and if nobody joins its result, are deinitialised, which may be the user's code.
  @inline(__always)
  private static func finish(_ body: BodyPointer, _ slot: SlotPointer, _ loop: LoopPointer)
    -> nexus_resident_step
  {
    // Sound: a closure in memory is destroyed alike whatever its type; it is not used again.
    let layout = BodyLayout(Void.self, Void.self, Void.self)
    unsafe (UnsafeMutableRawPointer(body) + layout.closure).assumingMemoryBound(to: (() -> Void).self)
      .deinitialize(count: 1)
    unsafe loop.pointee.ended(body, slot)
    // Nothing is half done here.
    unsafe TaskBody.release(body)
    // What was cancelled stays cancelled, and what was inherited stays bound: such a task is not used again.
    if unsafe slot.pointee.isSingleUse || slot.pointee.isCancelled
      || loop.pointee.wasCancelled(slot.pointee.suspension.task.unsafelyUnwrapped)
    {
      return NEXUS_RESIDENT_LEAVES
    }
    unsafe loop.pointee.parkResident(slot)
    return NEXUS_RESIDENT_PARKS
  }

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

  /// Cancels every resident that has started its body.
  static func cancelAll(_ loop: LoopPointer) {
    // A copy: whoever is cancelled may spawn, and the slab must not be in use then.
    let slab = unsafe loop.pointee.slab
    unsafe slab.forEachResidentWithBody { slot in
      // One that was given its body and has not run yet is cancelled when it starts.
      if unsafe slot.pointee.suspension.task != nil { unsafe cancel(slot, loop) }
    }
  }

  /// Lets every parked resident end: each resumes without a body and leaves.
  mutating func dismissParked() {
    while let slot = unsafe slab.firstParked {
      unsafe slab.firstParked = unsafe slot.pointee.suspension.link?.assumingMemoryBound(to: TaskSlot.self)
      unsafe armQueued(slot)
    }
  }
}
