// The slab: which slots exist, which are free, which residents are parked without a body.

internal import CNexus
internal import Synchronization

/// Hands out task slots. Slots come in chunks of 1,024 that live in the mailbox and are never freed; a free slot keeps
/// its generation, so that tokens of its earlier life stay stale.
@usableFromInline
@safe struct TaskSlab {
  @usableFromInline let mailbox: MailboxPointer
  /// Free slots, linked through `suspension.link`.
  private var firstFree: SlotPointer?
  /// Slots that were ever handed out: index `used` is the next fresh one.
  private var used: UInt32 = 0
  /// Residents parked without a body, linked through `suspension.link`, the one parked last first.
  @usableFromInline var firstParked: SlotPointer?
  /// Residents that exist.
  private(set) var residents = 0
  /// Residents that have a body.
  @usableFromInline var bodies = 0
  /// The slot of each resident, by its Swift task. Changed when a resident comes or goes, which is rare; read when
  /// the running task is not the one the loop resumed last.
  private var slotOfTask: [UnsafeRawPointer: SlotPointer] = unsafe [:]

  init(mailbox: MailboxPointer) {
    unsafe self.mailbox = mailbox
    unsafe firstFree = nil
    unsafe firstParked = nil
    // A mailbox that served another runtime brings its chunks along: their slots are all free.
    var chunk = 0
    while chunk < Int(Mailbox.slotLimit >> Mailbox.chunkShift), unsafe mailbox.pointee.chunks[chunk] != nil {
      for offset in (0...Int(Mailbox.chunkMask)).reversed() {
        let slot = unsafe mailbox.pointee.chunks[chunk].unsafelyUnwrapped + offset
        unsafe putOnFreeList(slot)
      }
      chunk += 1
    }
    used = UInt32(chunk) << Mailbox.chunkShift
  }

  /// A slot for a new role. Traps when `Mailbox.slotLimit` tasks exist.
  mutating func take(_ role: SlotRole) -> SlotPointer {
    let slot: SlotPointer
    if let free = unsafe firstFree {
      unsafe firstFree = unsafe free.pointee.suspension.link?.assumingMemoryBound(to: TaskSlot.self)
      unsafe slot = free
    } else {
      unsafe slot = fresh()
    }
    unsafe assert(slot.pointee.role == .free)
    unsafe slot.pointee.suspension.link = nil
    unsafe slot.pointee.suspension.context = nil
    unsafe slot.pointee.role = role
    unsafe slot.pointee.isCancelled = false
    unsafe slot.pointee.isSingleUse = false
    return unsafe slot
  }

  /// Back to the free list. Only of a slot that is idle and in no queue.
  mutating func give(back slot: SlotPointer) {
    unsafe assert(slot.pointee.role != .free && slot.pointee.timerIndex < 0)
    unsafe assert(slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask == SlotState.idle)
    unsafe slot.pointee.suspension.task = nil
    unsafe slot.pointee.body = nil
    unsafe putOnFreeList(slot)
  }

  private mutating func putOnFreeList(_ slot: SlotPointer) {
    unsafe slot.pointee.role = .free
    unsafe slot.pointee.suspension.link = unsafe UnsafeMutableRawPointer(firstFree)
    unsafe firstFree = slot
  }

  private mutating func fresh() -> SlotPointer {
    precondition(
      used < Mailbox.slotLimit,
      "NexusRT: \(Mailbox.slotLimit) tasks exist in this runtime, the most it can hold")
    let chunk = Int(used >> Mailbox.chunkShift)
    if used & Mailbox.chunkMask == 0 {
      let count = Int(Mailbox.chunkMask) + 1
      // 128: a slot has two cache lines of its own, so that a foreign wake of one does not slow its neighbour.
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: count * MemoryLayout<TaskSlot>.stride, alignment: 128)
      let slots = unsafe memory.bindMemory(to: TaskSlot.self, capacity: count)
      for offset in 0..<count {
        unsafe (slots + offset).initialize(to: TaskSlot(index: used + UInt32(offset)))
      }
      unsafe mailbox.pointee.chunks[chunk] = slots
    }
    let slot = unsafe mailbox.pointee.slot(used)
    used += 1
    return unsafe slot
  }

  // MARK: Residents

  /// Called by a resident when its Swift task first runs.
  mutating func enter(resident slot: SlotPointer, task: UnsafeMutableRawPointer) {
    unsafe slot.pointee.suspension.task = task
    unsafe slotOfTask[UnsafeRawPointer(task)] = slot
  }

  mutating func willStartResident() { residents += 1 }

  /// Called by a resident as the last thing its Swift task does.
  mutating func leave(resident slot: SlotPointer) {
    if let task = unsafe slot.pointee.suspension.task {
      unsafe slotOfTask[UnsafeRawPointer(task)] = nil
    }
    residents -= 1
    unsafe give(back: slot)
  }

  func resident(of task: UnsafeMutableRawPointer) -> SlotPointer? {
    unsafe slotOfTask[UnsafeRawPointer(task)]
  }

  /// The residents that run a body.
  var residentsWithBody: [SlotPointer] {
    unsafe slotOfTask.values.filter { unsafe $0.pointee.body != nil }
  }
}
