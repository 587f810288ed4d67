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
  /// One more than the highest index handed out by this slab.
  private(set) var highest: UInt32 = 0
  /// Residents parked without a body, linked through `suspension.link`, the one parked last first.
  @usableFromInline var firstParked: SlotPointer?
  /// Residents that exist.
  private(set) var residents = 0
  /// Slots lent to child tasks, those included that were given up and are in a queue still.
  private(set) var guests = 0
  /// Residents that have a body.
  @usableFromInline var bodies = 0
  /// The slot of each resident that has no place in `memory`, and of each child task in a scope.
  private var tasks: TaskTable
  private var memory = ResidentMemory()

  init(mailbox: MailboxPointer) {
    unsafe self.mailbox = mailbox
    unsafe firstFree = nil
    unsafe firstParked = nil
    unsafe tasks = TaskTable(mailbox: mailbox)
    // A mailbox that served another runtime brings its chunks along: their slots are all free.
    var chunk = 0
    while chunk < Int(Mailbox.slotLimit >> Mailbox.chunkShift), unsafe mailbox.pointee.chunks[chunk] != nil {
      chunk += 1
    }
    used = UInt32(chunk) << Mailbox.chunkShift
    // The lowest slot on top, so that slots are handed out as if they were fresh.
    for index in (0..<used).reversed() { unsafe putOnFreeList(mailbox.pointee.slot(index)) }
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
    if role == .guest { guests += 1 }
    highest = unsafe max(highest, slot.pointee.index + 1)
    unsafe slot.pointee.suspension.link = nil
    unsafe slot.pointee.suspension.context = nil
    unsafe slot.pointee.role = role
    unsafe slot.pointee.isCancelled = false
    unsafe slot.pointee.cancellations = 0
    unsafe slot.pointee.isSingleUse = false
    return unsafe slot
  }

  /// Back to the free list. Only of a slot that is idle and in no queue.
  mutating func give(back slot: SlotPointer) {
    unsafe assert(slot.pointee.role != .free && slot.pointee.timerIndex < 0)
    unsafe assert(slot.pointee.scope == nil)
    unsafe assert(slot.pointee.cancellations == (slot.pointee.isCancelled ? 1 : 0))
    unsafe assert(slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask == SlotState.idle)
    if unsafe slot.pointee.role == .guest { guests -= 1 }
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
    require(
      used < Mailbox.slotLimit,
      "NexusRT: \(Mailbox.slotLimit) tasks exist in this runtime, the most it can hold")
    let chunk = Int(used >> Mailbox.chunkShift)
    if used & Mailbox.chunkMask == 0 {
      let count = Int(Mailbox.chunkMask) + 1
      assert(MemoryLayout<TaskSlot>.stride == 128, "a slot fills two cache lines")
      let memory = unsafe mailbox.pointee.newChunk(count * MemoryLayout<TaskSlot>.stride)
      let slots = unsafe memory.bindMemory(to: TaskSlot.self, capacity: count)
      for offset in 0..<count {
        unsafe (slots + offset).initialize(to: TaskSlot(index: used + UInt32(offset)))
      }
      unsafe assert(
        withUnsafeMutablePointer(to: &slots.pointee.accesses) {
          unsafe UnsafeMutableRawPointer($0) - memory == Int(NEXUS_ACCESSES_OFFSET)
        })
      unsafe mailbox.pointee.chunks[chunk] = slots
    }
    let slot = unsafe mailbox.pointee.slot(used)
    used += 1
    return unsafe slot
  }

  // MARK: Residents

  mutating func willStartResident() { residents += 1 }

  /// The memory for the resident of a slot; nil if the kernel has none.
  mutating func place(of slot: SlotPointer) -> UnsafeMutableRawPointer? {
    // The resident that had this slot before is gone: it gave the slot back when its task was complete.
    unsafe memory.place(of: slot.pointee.index)
  }

  /// The resident's Swift task is there: in the slot's place, or elsewhere.
  mutating func enter(resident slot: SlotPointer, task: UnsafeMutableRawPointer) {
    unsafe slot.pointee.suspension.task = task
    if unsafe !memory.holds(task) { unsafe tasks.add(slot) }
  }

  /// The resident's Swift task is complete, or does nothing any more but complete.
  mutating func leave(resident slot: SlotPointer) {
    if unsafe !memory.holds(slot.pointee.suspension.task.unsafelyUnwrapped) { unsafe tasks.remove(slot) }
    residents -= 1
    unsafe give(back: slot)
  }

  /// The slot of a resident, or of a child task in a scope.
  func slot(of task: UnsafeMutableRawPointer) -> SlotPointer? {
    if let index = unsafe memory.slot(of: task) { return unsafe mailbox.pointee.slot(index) }
    return unsafe tasks.slot(of: task)
  }

  /// Has a child task find the slot it was lent again.
  mutating func keep(guest slot: SlotPointer) {
    unsafe tasks.add(slot)
  }

  mutating func stopKeeping(guest slot: SlotPointer) {
    unsafe tasks.remove(slot)
  }

  /// Calls `action` with each resident that runs a body. O(the most slots there ever were).
  func forEachResidentWithBody(_ action: (SlotPointer) -> Void) {
    for index in 0..<highest {
      let slot = unsafe mailbox.pointee.slot(index)
      if unsafe slot.pointee.role == .resident && slot.pointee.body != nil { unsafe action(slot) }
    }
  }

  /// Frees what is not the mailbox's: the end of the runtime.
  func free() {
    tasks.free()
    memory.free()
  }
}
