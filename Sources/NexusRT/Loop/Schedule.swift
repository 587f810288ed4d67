// In which order a runtime runs what is ready: in the order it became ready, or in a random one, to find in tests what
// relies on an order that nobody promised.

/// The order in which ready tasks run.
public enum Schedule: Sendable, Equatable {
  /// What became ready first runs first.
  case firstInFirstOut
  /// For tests: any ready task may run next, timers, other threads' wakes and the kernel get their turn at any time, and waits
  /// end for no reason now and then, except those for the kernel. Fairness does not hold, and it is slow.
  ///
  /// The same seed gives the same order as long as nothing but the program decides what becomes ready when: no input or
  /// output, no other thread and no clock. `RuntimeCounters.scheduleHash` tells whether two runs were alike.
  case random(seed: UInt64)
}

/// The decisions of a random schedule, and a hash of all that were made.
struct RandomSchedule {
  /// SplitMix64: the same numbers for the same seed everywhere.
  private var state: UInt64
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  /// What is ready, but for what came to the run queue since: of a list one can not take any entry.
  var ready: [RunItem] = []

  /// How often a batch is cut short before an entry: one time in so many.
  private static let cuts: UInt64 = 8
  /// How often a wait is looked at that may be ended for no reason: one batch in so many.
  private static let nudges: UInt64 = 4

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Puts what happened into the hash (FNV-1a, by words).
  private mutating func note(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01B3 }

  mutating func cutsBatch() -> Bool {
    let isCut = next() % RandomSchedule.cuts == 0
    if isCut { note(1) }
    return isCut
  }

  /// The index of a slot whose wait is to end for no reason, of `count`, or nil.
  mutating func nudge(of count: UInt32) -> UInt32? {
    guard count > 0, next() % RandomSchedule.nudges == 0 else { return nil }
    let index = UInt32(next() % UInt64(count))
    note(2 &+ UInt64(index) << 8)
    return index
  }

  /// Takes any entry out of `ready`, which must not be empty.
  mutating func pick() -> RunItem {
    let index = Int(next() % UInt64(ready.count))
    let item = ready[index]
    ready[index] = ready[ready.count - 1]
    ready.removeLast()
    // Not by a job's address, which is another one each time.
    note(unsafe 3 &+ (item.isJob ? UInt64.max : UInt64(item.slot.pointee.index)) << 8)
    return item
  }
}
