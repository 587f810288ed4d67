// Which values a broadcast keeps, and for how many receivers.

/// Which values are kept, for how many receivers: the decisions of a broadcast, without its values.
///
/// Invariants: `oldest <= tail <= oldest + capacity`; the place of a position from `oldest` to `tail` holds a value exactly
/// while `remaining` there is not 0, and no other place does; `remaining` is the number of live receivers whose position
/// is not after it; at `oldest` it is not 0, unless that is `tail`.
@usableFromInline
struct BroadcastLedger {
  @usableFromInline
  enum Push {
    case closed, full
    /// To be stored in `index`; the value at `old`, unless that is -1, is to be moved out before.
    case stored(index: Int, old: Int)
  }

  @usableFromInline
  enum Pull {
    case empty, closed
    case lagged(Int)
    /// Others get it too.
    case copied(Int)
    /// This was the last to get it.
    case moved(Int)
  }

  let capacity: UInt64
  let mask: UInt64
  /// Whether senders wait and do not overwrite.
  let waits: Bool
  var tail: UInt64 = 0
  var oldest: UInt64 = 0
  var remaining: [Int]
  var senders = 1
  var receivers = 1
  /// Places that were promised to senders that waited.
  var reserved = 0

  init(capacity: Int, waits: Bool) {
    let size = capacity.roundedUpToPowerOfTwo
    self.capacity = UInt64(capacity)
    mask = UInt64(size - 1)
    self.waits = waits
    remaining = Array(repeating: 0, count: size)
  }

  func index(_ position: UInt64) -> Int { Int(position & mask) }

  var hasRoom: Bool { Int(tail &- oldest) + reserved < Int(capacity) }

  mutating func push(isReserved: Bool) -> Push {
    if isReserved { reserved -= 1 }
    if receivers == 0 { return .closed }
    var old = -1
    if waits {
      if !hasRoom { return .full }
    } else if tail &- oldest == capacity {
      old = index(oldest)
      remaining[old] = 0
      advance()
    }
    let index = index(tail)
    remaining[index] = receivers
    tail &+= 1
    return .stored(index: index, old: old)
  }

  mutating func pull(_ position: inout UInt64) -> Pull {
    if position < oldest {
      let missed = oldest &- position
      position = oldest
      return .lagged(Int(missed))
    }
    if position == tail { return senders == 0 ? .closed : .empty }
    let index = index(position)
    position &+= 1
    return leave(index) ? .moved(index) : .copied(index)
  }

  /// One receiver less for the value at `index`; true if that was the last.
  private mutating func leave(_ index: Int) -> Bool {
    remaining[index] -= 1
    guard remaining[index] == 0 else { return false }
    advance()
    return true
  }

  private mutating func advance() {
    while oldest != tail && remaining[index(oldest)] == 0 { oldest &+= 1 }
  }

  /// A receiver that has left gives up values from `position` on, until one is found that it was the last for.
  ///
  /// - Returns: The place of that value, which is to be moved out; nil at the end.
  mutating func abandon(_ position: inout UInt64, upTo end: UInt64) -> Int? {
    position = max(position, oldest)
    while position < end {
      let index = index(position)
      position &+= 1
      if leave(index) { return index }
    }
    return nil
  }

  /// One more receiver, at `position`.
  mutating func addReceiver(at position: UInt64) {
    receivers += 1
    var next = max(position, oldest)
    while next < tail {
      remaining[index(next)] += 1
      next &+= 1
    }
  }
}
