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
    let next = unsafe slot.pointee.suspension.link?.assumingMemoryBound(to: TaskSlot.self)
    // The next spawn is to find it in the cache, if there are more than that holds.
    unsafe nexus_prefetch(next, 1)
    unsafe loop.pointee.slab.firstParked = unsafe next
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
    // What a task inherits can be more than its place holds.
    guard !isSingleUse, let residents = unsafe loop.pointee.residents,
      let memory = unsafe loop.pointee.slab.place(of: slot)
    else { return unsafe startPortably(slot, loop) }
    let task = unsafe nexus_resident_make(
      residents, Suspension.suspension(of: slot), memory, ResidentMemory.size, body == nil)
    unsafe loop.pointee.slab.enter(resident: slot, task: task)
    // Before it has parked: nobody spawns until it has (prepareResidents).
    if unsafe body == nil { unsafe loop.pointee.parkResident(slot) }
    unsafe loop.pointee.runQueue.push(RunItem(job: unsafeBitCast(task, to: UnownedJob.self)))
  }

  /// What a resident does first when it goes on. The body it was given, or nil: then it is to leave.
  @inline(__always)
  static func begin(_ slot: SlotPointer, _ loop: LoopPointer) -> BodyPointer? {
    unsafe loop.pointee.resumed = slot
    guard let body = unsafe slot.pointee.body else { return nil }
    unsafe body.pointee.hasStarted = true
    if unsafe body.pointee.isCancelled || loop.pointee.isEnding { unsafe cancel(slot, loop) }
    return unsafe body
  }

  @inline(__always)
  private static func isIdle(_ slot: SlotPointer) -> Bool {
    unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask == SlotState.idle
  }

  /// The next step of a resident whose body's closure has returned. Done with the body if the resident is home, and nothing that
  /// the body left behind holds its slot.
  @inline(__always)
  static func settle(_ slot: SlotPointer, _ loop: LoopPointer) -> nexus_resident_step {
    // Elsewhere: a closure that the compiler made nonisolated, say.
    if unsafe nexus_current_executor() != loop.pointee.executorAddress { return NEXUS_RESIDENT_COMES_HOME }
    // A wake that was sent to a wait the body gave up can still hold the slot's link.
    if unsafe !isIdle(slot) { return NEXUS_RESIDENT_WAITS }
    if let body = unsafe slot.pointee.body {
      unsafe finish(body, slot, loop)
      // So can one to a wait that a deinit of the user's made.
      if unsafe !isIdle(slot) { return NEXUS_RESIDENT_WAITS }
    }
    // What was cancelled stays cancelled, and what was inherited stays bound: such a task is not used again.
    if unsafe slot.pointee.isSingleUse || slot.pointee.isCancelled
      || loop.pointee.wasCancelled(slot.pointee.suspension.task.unsafelyUnwrapped)
    {
      return NEXUS_RESIDENT_LEAVES
    }
    unsafe loop.pointee.parkResident(slot)
    return NEXUS_RESIDENT_PARKS
  }

  /// The end of a body: its closure, and if nobody joins its result, are deinitialised, which may be the user's code.
  @inline(__always)
  private static func finish(_ body: BodyPointer, _ slot: SlotPointer, _ loop: LoopPointer) {
    // Sound: a closure in memory is destroyed alike whatever its type; it is not used again.
    unsafe UnsafeMutableRawPointer(body).assumingMemoryBound(to: (() -> Void).self).deinitialize(count: 1)
    unsafe loop.pointee.ended(body, slot)
    // Nothing is half done here.
    unsafe TaskBody.release(body)
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
  mutating func parkResident(_ slot: SlotPointer) {
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
