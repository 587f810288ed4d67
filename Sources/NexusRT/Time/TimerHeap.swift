// The deadlines of waits and of cancel scopes: a heap that knows where each one's entry is, so that what is over before
// its time is taken out at once.

/// What a deadline is for: the wait of a slot, or a scope. Both are at least 8-aligned, which leaves the lowest bit
/// to tell them apart.
struct TimerOwner: Equatable {
  private let bits: UInt

  @inline(__always) init(_ slot: SlotPointer) { bits = UInt(bitPattern: slot) }
  @inline(__always) init(_ scope: ScopePointer) { bits = UInt(bitPattern: scope) | 1 }

  @inline(__always) var isScope: Bool { bits & 1 != 0 }

  /// Only of an owner that is no scope.
  @inline(__always) var slot: SlotPointer {
    // Sound: `bits` came from a slot pointer.
    unsafe SlotPointer(bitPattern: bits).unsafelyUnwrapped
  }

  /// Only of an owner that is a scope.
  @inline(__always) var scope: ScopePointer {
    // Sound: `bits` came from a scope's pointer.
    unsafe ScopePointer(bitPattern: bits & ~1).unsafelyUnwrapped
  }

  /// Where the owner stands in the heap; -1 while it does not.
  @inline(__always) var place: Int32 {
    get { unsafe isScope ? scope.pointee.timerIndex : slot.pointee.timerIndex }
    nonmutating set {
      if isScope {
        unsafe scope.pointee.timerIndex = newValue
      } else {
        unsafe slot.pointee.timerIndex = newValue
      }
    }
  }
}

/// A 4-ary min-heap of deadlines. Each entry's place is kept with its owner.
///
/// Insert, take and remove are O(log n); the next deadline is O(1). Belongs to the loop's thread.
struct TimerHeap {
  private struct Entry {
    /// Monotonic time in ns.
    var deadline: UInt64
    var owner: TimerOwner
  }

  private var entries: [Entry] = []

  var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  /// The earliest deadline in ns, or nil.
  var next: UInt64? { entries.first?.deadline }

  mutating func insert(_ owner: TimerOwner, deadline: UInt64) {
    assert(owner.place < 0)
    entries.append(Entry(deadline: deadline, owner: owner))
    siftUp(entries.count - 1)
  }

  /// Takes the entry of the earliest deadline out if that is not after `now`.
  mutating func popExpired(now: UInt64) -> TimerOwner? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    remove(first.owner)
    return first.owner
  }

  /// Takes an owner's entry out. Nothing happens if it has none.
  mutating func remove(_ owner: TimerOwner) {
    let index = Int(owner.place)
    guard index >= 0 else { return }
    owner.place = -1
    let last = entries.removeLast()
    if index < entries.count {
      place(last, at: index)
      siftUp(index)
      siftDown(Int(last.owner.place))
    }
  }

  private mutating func place(_ entry: Entry, at index: Int) {
    entries[index] = entry
    entry.owner.place = Int32(index)
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
