// Which slot belongs to which Swift task: a hash table of slot indices, four bytes an entry.

internal import CNexus

/// Finds a slot by its Swift task: for when the running task is not the one the loop resumed last.
///
/// Open addressing with linear probing, at most half full. The key of an entry is in the slot itself (`suspension.task`), which
/// must not change while the entry is there. Add, find and remove are O(1) on average; adding grows the table now and then.
@safe struct TaskTable {
  private let mailbox: MailboxPointer
  /// Slot indices, each one more than it is; 0 is an empty place. A power of two of them.
  private var places: UnsafeMutablePointer<UInt32>
  private var mask: Int
  private var count = 0

  init(mailbox: MailboxPointer) {
    unsafe self.mailbox = mailbox
    mask = 63
    unsafe places = TaskTable.empty(64)
  }

  /// Frees the table: the end of the runtime.
  func free() { unsafe places.deallocate() }

  func slot(of task: UnsafeMutableRawPointer) -> SlotPointer? {
    var place = unsafe start(of: task)
    while true {
      let entry = unsafe places[place]
      if entry == 0 { return nil }
      let slot = unsafe mailbox.pointee.slot(entry - 1)
      if unsafe slot.pointee.suspension.task == task { return unsafe slot }
      place = (place + 1) & mask
    }
  }

  /// Only of a slot whose task is set, and not in the table.
  mutating func add(_ slot: SlotPointer) {
    if count * 2 > mask { grow() }
    count += 1
    unsafe put(slot)
  }

  /// Only of a slot that was added, with the same task still.
  mutating func remove(_ slot: SlotPointer) {
    var hole = unsafe start(of: slot.pointee.suspension.task.unsafelyUnwrapped)
    while unsafe places[hole] != slot.pointee.index + 1 { hole = (hole + 1) & mask }
    count -= 1
    // Entries behind the hole that a search from their start would no longer reach move into it.
    var next = (hole + 1) & mask
    while unsafe places[next] != 0 {
      let moved = unsafe mailbox.pointee.slot(places[next] - 1)
      let home = unsafe start(of: moved.pointee.suspension.task.unsafelyUnwrapped)
      if (next - home) & mask >= (next - hole) & mask {
        unsafe places[hole] = places[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    unsafe places[hole] = 0
  }

  private func start(of task: UnsafeMutableRawPointer) -> Int {
    // Tasks are 16-aligned and lie some hundred bytes apart: the product spreads them (Knuth, multiplicative hashing).
    Int(truncatingIfNeeded: ((UInt(bitPattern: task) >> 4) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  private func put(_ slot: SlotPointer) {
    var place = unsafe start(of: slot.pointee.suspension.task.unsafelyUnwrapped)
    while unsafe places[place] != 0 { place = (place + 1) & mask }
    unsafe places[place] = slot.pointee.index + 1
  }

  @inline(never)
  private mutating func grow() {
    let old = unsafe places
    let size = mask + 1
    mask = size * 2 - 1
    unsafe places = TaskTable.empty(size * 2)
    for place in 0..<size where unsafe old[place] != 0 { unsafe put(mailbox.pointee.slot(old[place] - 1)) }
    unsafe old.deallocate()
  }

  private static func empty(_ size: Int) -> UnsafeMutablePointer<UInt32> {
    let places = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
    unsafe places.initialize(repeating: 0, count: size)
    return unsafe places
  }
}
