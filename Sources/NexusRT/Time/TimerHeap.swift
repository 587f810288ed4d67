// The deadlines of the tasks that sleep: a heap that knows where each task's entry is, so that a cancelled sleep is
// taken out at once.

/// A 4-ary min-heap of deadlines. Each entry's place is kept in its slot.
///
/// Insert, take and remove are O(log n); the next deadline is O(1). Belongs to the loop's thread.
struct TimerHeap {
  @safe private struct Entry {
    /// Monotonic time in ns.
    var deadline: UInt64
    var slot: SlotPointer
  }

  private var entries: [Entry] = []

  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  /// The earliest deadline in ns, or nil.
  var next: UInt64? { entries.first?.deadline }

  mutating func insert(_ slot: SlotPointer, deadline: UInt64) {
    unsafe assert(slot.pointee.timerIndex < 0)
    unsafe entries.append(Entry(deadline: deadline, slot: slot))
    siftUp(entries.count - 1)
  }

  /// Takes the entry of the earliest deadline out if that is not after `now`.
  mutating func popExpired(now: UInt64) -> SlotPointer? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    unsafe remove(first.slot)
    return unsafe first.slot
  }

  /// Takes a slot's entry out. Nothing happens if it has none.
  mutating func remove(_ slot: SlotPointer) {
    let index = unsafe Int(slot.pointee.timerIndex)
    guard index >= 0 else { return }
    unsafe slot.pointee.timerIndex = -1
    let last = entries.removeLast()
    if index < entries.count {
      place(last, at: index)
      siftUp(index)
      unsafe siftDown(Int(last.slot.pointee.timerIndex))
    }
  }

  private mutating func place(_ entry: Entry, at index: Int) {
    entries[index] = entry
    unsafe entry.slot.pointee.timerIndex = Int32(index)
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let entry = entries[index]
    while index > 0 {
      let parent = (index - 1) / 4
      guard entries[parent].deadline > entry.deadline else { break }
      place(entries[parent], at: index)
      index = parent
    }
    place(entry, at: index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let entry = entries[index]
    while true {
      let first = index * 4 + 1
      guard first < entries.count else { break }
      var least = first
      for child in (first + 1)..<min(first + 4, entries.count)
      where entries[child].deadline < entries[least].deadline {
        least = child
      }
      guard entries[least].deadline < entry.deadline else { break }
      place(entries[least], at: index)
      index = least
    }
    place(entry, at: index)
  }
}
