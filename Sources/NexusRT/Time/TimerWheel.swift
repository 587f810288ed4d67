// The deadlines of waits and of cancel scopes: a hierarchical timer wheel with the resolution of a nanosecond.
//
// Eleven levels of 64 buckets: a bucket of level 0 is one nanosecond, one of level 1 is 64 of them, and so on, until all
// 64 bits of a deadline are used. A deadline lies on the level of the highest digit (of six bits) in which it differs
// from the wheel's time, in the bucket of that digit. So everything on one level is due before anything on the next, and
// the first bucket in use of the lowest level in use holds the earliest deadline. (The idea: G. Varghese, T. Lauck,
// "Hashed and Hierarchical Timing Wheels", 1987.)

/// Which deadlines there are, and which is next. Never early; in the order of the deadlines, and first come, first served
/// among equal ones.
///
/// Insert and remove are O(1). A deadline moves down a level at most ten times before it fires. Belongs to the loop's thread.
///
/// Invariants:
/// - **Level**: a node is in the bucket that `bucket(of:)` gives for its deadline and the wheel's time, at any time. So
///   nothing needs to be remembered of where it is, and equal deadlines are always in one bucket, in the order in which
///   they came.
/// - **Time**: no node's deadline is before the wheel's time.
/// - **Bits**: a bucket's bit is set exactly while it is in use, and a level's exactly while one of its buckets is.
@safe struct TimerWheel: ~Copyable {
  private static let digit: UInt64 = 6
  private static let levelCount = 11
  private static let bucketsPerLevel = 64

  private var nodes = TimerNodes()
  /// The first node of each bucket; meaningless unless its bit is set.
  private let firsts: UnsafeMutablePointer<Int32>
  /// Which buckets of a level are in use.
  private let inUse: UnsafeMutablePointer<UInt64>
  /// Which levels are.
  private var levels: UInt64 = 0
  /// What the buckets are relative to, in ns: not after any time for which the wheel was asked, nor after any deadline.
  private(set) var time: UInt64
  private(set) var count = 0

  init(time: UInt64 = 0) {
    self.time = time
    unsafe firsts = .allocate(capacity: TimerWheel.levelCount * TimerWheel.bucketsPerLevel)
    unsafe firsts.initialize(repeating: -1, count: TimerWheel.levelCount * TimerWheel.bucketsPerLevel)
    unsafe inUse = .allocate(capacity: TimerWheel.levelCount)
    unsafe inUse.initialize(repeating: 0, count: TimerWheel.levelCount)
  }

  deinit {
    unsafe firsts.deallocate()
    unsafe inUse.deallocate()
  }

  @inline(__always) var isEmpty: Bool { levels == 0 }

  // MARK: Insert and remove

  /// A deadline that has passed counts as one of this moment. Only of an owner that has none.
  mutating func insert(_ owner: TimerOwner, deadline: UInt64) {
    assert(owner.place < 0)
    let node = nodes.take()
    nodes[node].deadline = max(deadline, time)
    nodes[node].owner = owner
    owner.place = node
    count += 1
    append(node)
  }

  /// Takes an owner's deadline out. Nothing happens if it has none.
  @inline(__always)
  mutating func remove(_ owner: TimerOwner) {
    let node = owner.place
    if node >= 0 { remove(node) }
  }

  private mutating func remove(_ node: Int32) {
    unlink(node)
    nodes[node].owner.place = -1
    nodes.give(back: node)
    count -= 1
  }

  // MARK: What is next

  /// Takes the earliest deadline out if it is not after `now`; of equal ones that which came first. `now` never decreases.
  mutating func popExpired(now: UInt64) -> TimerOwner? {
    while levels != 0 {
      let (level, bucket) = earliestBucket
      let first = unsafe firsts[index(level, bucket)]
      // Alone, or with others of the same nanosecond: it is the earliest. The wheel's time can go to it, since
      // nothing lies between.
      if level == 0 || nodes[first].next < 0 {
        let deadline = nodes[first].deadline
        guard deadline <= now else { break }
        let owner = nodes[first].owner
        remove(first)
        time = deadline
        return owner
      }
      let start = start(level, bucket)
      guard start <= now else { break }
      spread(level, bucket, at: start)
    }
    catchUp(with: now)
    return nil
  }

  /// A time, in ns, before which nothing is due: the earliest deadline, unless many are close together; nil if there is none.
  var next: UInt64? {
    guard levels != 0 else { return nil }
    let (level, bucket) = earliestBucket
    var earliest = UInt64.max
    var node = unsafe firsts[index(level, bucket)]
    for _ in 0..<16 {
      earliest = min(earliest, nodes[node].deadline)
      node = nodes[node].next
      if node < 0 { return earliest }
    }
    return start(level, bucket)
  }

  /// The earliest deadline, in ns. O(number of deadlines close to it).
  var earliest: UInt64? {
    guard levels != 0 else { return nil }
    let (level, bucket) = earliestBucket
    var earliest = UInt64.max
    var node = unsafe firsts[index(level, bucket)]
    while node >= 0 {
      earliest = min(earliest, nodes[node].deadline)
      node = nodes[node].next
    }
    return earliest
  }

  // MARK: Buckets

  /// The first bucket in use of the lowest level in use. Buckets before that of the wheel's time are empty.
  private var earliestBucket: (level: Int, bucket: Int) {
    @inline(__always) get {
      let level = levels.trailingZeroBitCount
      return (level, unsafe inUse[level].trailingZeroBitCount)
    }
  }

  @inline(__always)
  private func index(_ level: Int, _ bucket: Int) -> Int { level &* TimerWheel.bucketsPerLevel &+ bucket }

  /// Where a deadline belongs that is not before the wheel's time.
  @inline(__always)
  private func bucket(of deadline: UInt64) -> (level: Int, bucket: Int) {
    let difference = deadline ^ time
    // The lowest bit set makes no other level of it, and spares the question whether there is a difference.
    let level = (63 &- (difference | 1).leadingZeroBitCount) / Int(TimerWheel.digit)
    return (level, Int((deadline >> (UInt64(level) &* TimerWheel.digit)) & 63))
  }

  /// The earliest time that belongs to a bucket.
  @inline(__always)
  private func start(_ level: Int, _ bucket: Int) -> UInt64 {
    let shift = UInt64(level) &* TimerWheel.digit
    // Of the highest level nothing is left above: `<<` and `>>` by more than 63 give 0.
    let above = (time >> (shift + TimerWheel.digit)) << (shift + TimerWheel.digit)
    return above | UInt64(bucket) << shift
  }

  /// Puts a node at the end of its bucket.
  @inline(__always)
  private mutating func append(_ node: Int32) {
    let (level, bucket) = bucket(of: nodes[node].deadline)
    let index = index(level, bucket)
    nodes[node].next = -1
    let bit: UInt64 = 1 &<< UInt64(bucket)
    if unsafe inUse[level] & bit == 0 {
      unsafe inUse[level] |= bit
      levels |= 1 &<< UInt64(level)
      unsafe firsts[index] = node
      nodes[node].previous = node
    } else {
      let first = unsafe firsts[index]
      let last = nodes[first].previous
      nodes[last].next = node
      nodes[node].previous = last
      nodes[first].previous = node
    }
  }

  @inline(__always)
  private mutating func unlink(_ node: Int32) {
    let (level, bucket) = bucket(of: nodes[node].deadline)
    let index = index(level, bucket)
    let first = unsafe firsts[index]
    let next = nodes[node].next
    let previous = nodes[node].previous
    if node == first {
      if next < 0 { return markEmpty(level, bucket) }
      unsafe firsts[index] = next
    } else {
      nodes[previous].next = next
    }
    // After the last node comes, as far as `previous` goes, the first.
    nodes[next < 0 ? first : next].previous = previous
  }

  @inline(__always)
  private mutating func markEmpty(_ level: Int, _ bucket: Int) {
    unsafe inUse[level] &= ~(1 &<< UInt64(bucket))
    if unsafe inUse[level] == 0 { levels &= ~(1 &<< UInt64(level)) }
  }

  /// Moves the wheel's time to the start of the earliest bucket, and what is in it to the levels below, in order.
  private mutating func spread(_ level: Int, _ bucket: Int, at start: UInt64) {
    var node = unsafe firsts[index(level, bucket)]
    markEmpty(level, bucket)
    time = start
    while node >= 0 {
      let next = nodes[node].next
      append(node)
      node = next
    }
  }

  /// Moves the wheel's time on, so that what comes next lies on a low level; not into a bucket that is in use, whose
  /// nodes would have to be moved.
  @inline(__always)
  private mutating func catchUp(with now: UInt64) {
    if now <= time { return }
    if levels != 0 {
      let (level, bucket) = earliestBucket
      if start(level, bucket) <= now { return }
    }
    time = now
  }
}
