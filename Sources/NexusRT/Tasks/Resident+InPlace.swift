// What nexus_resident.h calls: residents that lie in the slab's memory.

internal import CNexus

extension LoopState {
  /// Has residents lie in the slab's memory if they can. Only where tasks suspend the direct way.
  static func settleResidents(_ loop: LoopPointer) {
    guard nexus_residents_fit(ResidentMemory.size) else { return }
    let object = unsafe loop.pointee.loop
    // Optional: what is not, is opened when it is passed on.
    let isolation: (any Actor)? = unsafe object.actor
    // Sound: a class existential is its object's address and a witness table; an unowned executor is its identity and
    // its implementation.
    let words = unsafe unsafeBitCast(isolation, to: (UInt, UInt).self)
    let serial = unsafe unsafeBitCast(object.asUnownedSerialExecutor(), to: (UInt, UInt).self)
    let task = unsafe unsafeBitCast(object.asUnownedTaskExecutor(), to: (UInt, UInt).self)
    let residents = unsafe nexus_residents(
      isolation: words, serial_executor: nexus_executor(identity: serial.0, implementation: serial.1),
      task_executor: nexus_executor(identity: task.0, implementation: task.1),
      begin: { unsafe LoopState.began($0) }, end: { unsafe LoopState.returned($0, $1) },
      settle: { unsafe LoopState.settle(LoopState.slot(of: $0), LoopState.ofThisThread.unsafelyUnwrapped) },
      left: { unsafe LoopState.left($0) })
    let memory = UnsafeMutablePointer<nexus_residents>.allocate(capacity: 1)
    unsafe memory.initialize(to: residents)
    unsafe loop.pointee.residents = memory
  }

  private static func slot(of suspension: UnsafeMutablePointer<nexus_suspension>) -> SlotPointer {
    // Sound: a slot begins with its suspension.
    unsafe UnsafeMutableRawPointer(suspension).assumingMemoryBound(to: TaskSlot.self)
  }

  private static func began(_ suspension: UnsafeMutablePointer<nexus_suspension>) -> UnsafePointer<
    nexus_body_call
  >? {
    let body = unsafe begin(slot(of: suspension), ofThisThread.unsafelyUnwrapped)
    // Sound: a body begins with its call.
    return unsafe body.map { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: nexus_body_call.self) }
  }

  private static func returned(
    _ suspension: UnsafeMutablePointer<nexus_suspension>, _ error: UnsafeMutableRawPointer?
  ) -> nexus_resident_step {
    let slot = unsafe slot(of: suspension)
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
    return unsafe settle(slot, ofThisThread.unsafelyUnwrapped)
  }

  private static func left(_ suspension: UnsafeMutablePointer<nexus_suspension>) {
    let loop = unsafe ofThisThread.unsafelyUnwrapped
    // No hint to a slot without a task: where no task runs it would be taken for that of the current one.
    unsafe loop.pointee.resumed = nil
    unsafe loop.pointee.slab.leave(resident: slot(of: suspension))
  }
}
