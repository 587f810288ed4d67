// The slots in which plain threads wait. They look like the slots of tasks, so that one kind of token wakes either.

internal import CNexus
internal import Glibc
internal import Synchronization

/// The slab of a mailbox without a runtime: a thread takes a slot from it when it first waits, keeps it, and gives it
/// back when it ends. Like all slots they are never freed.
enum ThreadSlots {
  /// The index behind those of the runtimes.
  private static let index = UInt32(MailboxTable.limit)

  private static let slab: Guarded<TaskSlab> = {
    // Nobody ever pushes to it, so no descriptor is needed.
    let mailbox = unsafe Mailbox.make(index: index, wakeDescriptor: -1)
    unsafe nexus_mailboxes_set(index, mailbox)
    return unsafe Guarded(TaskSlab(mailbox: mailbox))
  }()

  /// Calls `giveBack` at the end of each thread that has a slot.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let code = unsafe pthread_key_create(&key) { unsafe ThreadSlots.giveBack($0) }
    require(code == 0, "NexusRT: no thread-specific key is left (errno \(code))")
    return key
  }()

  /// The calling thread's slot.
  static var mine: SlotPointer {
    if let known = unsafe nexus_thread_get().pointee.waiting_slot {
      return unsafe known.assumingMemoryBound(to: TaskSlot.self)
    }
    return unsafe takeOne()
  }

  @inline(never)
  private static func takeOne() -> SlotPointer {
    let slot = unsafe slab.withLock { (slab: inout TaskSlab) in unsafe slab.take(.thread) }
    unsafe nexus_thread_get().pointee.waiting_slot = UnsafeMutableRawPointer(slot)
    _ = unsafe pthread_setspecific(key, slot)
    return unsafe slot
  }

  private static func giveBack(_ pointer: UnsafeMutableRawPointer?) {
    guard let pointer = unsafe pointer else { return }
    unsafe nexus_thread_get().pointee.waiting_slot = nil
    let slot = unsafe pointer.assumingMemoryBound(to: TaskSlot.self)
    // Whoever claimed the last wait of the thread may still be on its way to wake it: that touches the kernel's
    // list of sleepers only. The phase goes back to idle here, and the generation stays.
    let word = unsafe slot.pointee.state.load(ordering: .relaxed)
    unsafe slot.pointee.state.store(SlotState.with(SlotState.idle, of: word), ordering: .relaxed)
    slab.withLock { (slab: inout TaskSlab) in unsafe slab.give(back: slot) }
  }

  /// The half of the slot's word that holds the phase: what the thread sleeps on.
  static func futexWord(of slot: SlotPointer) -> UnsafePointer<UInt32> {
    // Sound: an atomic of 64 bits is those 64 bits; the phase is the low half, and these machines are little-endian.
    // An atomic never moves out of its slot, which is never freed: the address is good for ever.
    unsafe withUnsafePointer(to: slot.pointee.state) {
      unsafe UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self)
    }
  }

  /// Ends the sleep of the slot's thread, after its wait was claimed.
  static func unpark(_ slot: SlotPointer) { unsafe nexus_futex_wake(futexWord(of: slot)) }
}
