// Claiming: a writer takes the next `extent` bytes behind the tail. One writer moves the tail with a plain store,
// several with a compare-and-exchange; what is asked before and what is left behind is the same for both.

public import CNexus
public import Synchronization

/// Where a claim starts, and what it takes from the ring to get there.
@frozen
@usableFromInline
struct _Placement: BitwiseCopyable {
  /// Bytes before the ring's end that a skip must cover, 0 when the extent fits before it.
  @usableFromInline let padding: Int

  /// Where the tail will stand.
  @usableFromInline let end: _Position

  @inlinable @inline(__always)
  init(of extent: Int, behind tail: _Position, mask: Int) {
    let beforeEnd = mask &+ 1 &- (tail.rawValue & mask)
    padding = extent <= beforeEnd ? 0 : beforeEnd
    end = tail.advanced(by: padding &+ extent)
  }
}

extension _RingHandle {
  /// The largest payload in bytes, in 24 ... capacity / 2 - 8.
  @inlinable @inline(__always)
  var largestRecord: Int { _RingLayout.largestRecord(capacity: capacity) }

  /// The largest extent, and so the largest batch, in bytes.
  @inlinable @inline(__always)
  var largestExtent: Int { _RingLayout.largestExtent(capacity: capacity) }

  /// Refuses what no state of the ring could admit, then a ring without a reader.
  @inlinable @inline(__always)
  func admit(_ size: Int, limit: Int) throws(ClaimError) {
    // One unsigned comparison for both bounds: 1 ... limit becomes 0 ..< limit, and everything else is at least it.
    if UInt(bitPattern: size &- 1) >= UInt(bitPattern: limit) { throw Self.refusal(of: size, limit: limit) }
    if isReaderGone { throw .closed }
  }

  /// Takes `extent` bytes for the only writer and returns where they start, or nil when the ring is full.
  @inlinable @inline(__always)
  func claimAlone(_ extent: Int, knownHead: inout _Position) -> UnsafeMutableRawPointer? {
    let tail = unsafe self.tail.pointee.load(ordering: .relaxed)
    let placement = _Placement(of: extent, behind: tail, mask: mask)
    guard hasFreed(upTo: placement.end, knownHead: &knownHead) else { return nil }
    unsafe self.tail.pointee.store(placement.end, ordering: .relaxed)
    return unsafe start(placement, from: tail)
  }

  /// Takes `extent` bytes for one writer of several and returns where they start, or nil when the ring is full.
  @inlinable @inline(__always)
  func claimShared(_ extent: Int, knownHead: inout _Position) -> UnsafeMutableRawPointer? {
    var tail = unsafe self.tail.pointee.load(ordering: .relaxed)
    while true {
      let placement = _Placement(of: extent, behind: tail, mask: mask)
      // A tail another writer has moved since makes this optimistic, never pessimistic, and then the exchange fails.
      guard hasFreed(upTo: placement.end, knownHead: &knownHead) else { return nil }
      // Relaxed: this writer acquired the free bytes through `head` itself, whatever order the writers come in.
      let (exchanged, current) = unsafe self.tail.pointee.weakCompareExchange(
        expected: tail, desired: placement.end, ordering: .relaxed)
      if exchanged { return unsafe start(placement, from: tail) }
      tail = current
      nexus_spin_hint()
    }
  }

  /// Whether the bytes up to `end` are free to be claimed: possibly not by what was known, so ask; really not.
  ///
  /// - Parameter knownHead: This writer's copy of `head`. It may be behind, which hides free bytes and nothing else.
  @inlinable @inline(__always)
  func hasFreed(upTo end: _Position, knownHead: inout _Position) -> Bool {
    if knownHead.distance(to: end) <= capacity { return true }
    // Acquiring pairs with the releasing store in `giveBack`: the zeroing is done before this writer fills the bytes.
    knownHead = unsafe head.pointee.load(ordering: .acquiring)
    return knownHead.distance(to: end) <= capacity
  }

  /// Covers the padding of a claim that starts over at the front, and returns the claim's memory.
  @inlinable @inline(__always)
  func start(_ placement: _Placement, from tail: _Position) -> UnsafeMutableRawPointer {
    assert(tail.rawValue % _Record.lengthWordBytes == 0)
    if placement.padding == 0 { return unsafe record(at: tail) }
    // The padding belongs to this claim, so nobody else stores here; the reader may pass over it at once.
    unsafe Self.publish(_Record.skip(extent: placement.padding), at: record(at: tail))
    return unsafe base + _RingLayout.recordsOffset
  }

  /// Stores a length word, and with it hands the region behind it to the reader.
  @inlinable @inline(__always)
  static func publish(_ word: Int, at record: UnsafeMutableRawPointer) {
    // Releasing pairs with the acquiring load in `nextRecord`: the reader sees the payload it was told of.
    unsafe lengthWord(of: record).pointee.store(word, ordering: .releasing)
  }

  /// Whether a claim of `extent` bytes would find room at this moment.
  @inlinable
  func hasRoom(for extent: Int) -> Bool {
    let tail = unsafe self.tail.pointee.load(ordering: .relaxed)
    let placement = _Placement(of: extent, behind: tail, mask: mask)
    // Always asks the reader's word: a copy that is behind would keep a waiting writer waiting.
    let head = unsafe self.head.pointee.load(ordering: .acquiring)
    return head.distance(to: placement.end) <= capacity
  }

  /// The bytes between the two positions, each read at its own moment, so clamped to what can be true.
  @inlinable
  var bytesInUse: Int {
    let head = unsafe self.head.pointee.load(ordering: .relaxed)
    let tail = unsafe self.tail.pointee.load(ordering: .relaxed)
    return min(max(head.distance(to: tail), 0), capacity)
  }

  /// The error for a size above the limit; a size below one is a programmer's error and ends here.
  @usableFromInline
  @inline(never)
  static func refusal(of size: Int, limit: Int) -> ClaimError {
    guard size > 0 else {
      fatalError(
        "a claim of \(size) bytes: a record has at least one byte, because a length word of zero marks a record "
          + "that is not committed yet")
    }
    return .tooLarge(limit: limit)
  }
}

extension _RingHandle {
  /// Admits a batch of `count` records of `size` bytes, and returns the bytes it takes.
  @inlinable
  func batchSpace(count: Int, of size: Int) throws(ClaimError) -> Int {
    try admit(size, limit: largestRecord)
    // The extent is at least 16, so the product is compared without being formed.
    let extent = _Record.extent(of: size)
    let most = largestExtent / extent
    if count > most { throw .tooLarge(limit: largestExtent) }
    if count < 1 { throw Self.refusal(of: count, limit: largestExtent) }
    return count &* extent
  }

  /// Admits a batch of `space` bytes, and returns them rounded up to whole words.
  @inlinable
  func batchSpace(_ space: Int) throws(ClaimError) -> Int {
    try admit(space, limit: largestExtent)
    // The limit is a multiple of eight, so rounding up stays within it.
    return (space &+ 7) & ~7
  }
}
