// One allocation holds a ring: three lines of words, then the records.
//
//     offset
//       0   +----------------------------------------------------------+
//           |  ends      who is still there        (rarely written)    |
//     128   +----------------------------------------------------------+
//           |  tail      up to where is claimed    (writers' line)     |
//     256   +----------------------------------------------------------+
//           |  head      up to where is given back (reader's line)     |
//     384   +----------------------------------------------------------+
//           |  records   `capacity` bytes                              |
//           +----------------------------------------------------------+
//
// Positions run freely and are masked only to find a byte, so an empty ring (tail == head) and a full one
// (tail == head + capacity) differ without a wasted byte. From head to tail lie whole records and skips, committed
// or not; all the rest is zero. That is the invariant everything stands on: wherever the next record will start,
// its length word already reads "not committed".

/// The layout of a ring's allocation and the limits that follow from it.
@frozen
@usableFromInline
enum _RingLayout {
  /// Two cache lines, as the adjacent-line prefetcher of x86 processors fetches them in pairs.
  @inlinable static var lineBytes: Int { 128 }

  @inlinable static var endsOffset: Int { 0 }
  @inlinable static var tailOffset: Int { endsOffset + lineBytes }
  @inlinable static var headOffset: Int { tailOffset + lineBytes }
  @inlinable static var recordsOffset: Int { headOffset + lineBytes }

  /// The smallest ring: room for a few small records, and a limit of 24 bytes.
  @inlinable static var minimumCapacity: Int { 64 }

  /// Far beyond any memory this runs on, and far below where sums of sizes could overflow.
  @inlinable static var maximumCapacity: Int { 1 << 40 }

  /// The next power of two, within the bounds above.
  static func roundedCapacity(_ capacity: Int) -> Int {
    precondition(capacity > 0, "the capacity of a log buffer must be positive")
    precondition(capacity <= maximumCapacity, "the capacity of a log buffer must not exceed 2^40 bytes")
    let wanted = max(capacity, minimumCapacity)
    return 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
  }

  /// The largest extent that fits an empty ring wherever it is empty.
  ///
  /// With `o` bytes before the position and `capacity - o` behind it, an extent fits behind, or in front after a
  /// skip of everything behind: it needs to be at most the larger of the two. At the middle both are half the ring.
  @inlinable
  static func largestExtent(capacity: Int) -> Int { capacity >> 1 }

  /// The largest payload, in bytes: the largest extent without its length word.
  @inlinable
  static func largestRecord(capacity: Int) -> Int {
    largestExtent(capacity: capacity) &- _Record.lengthWordBytes
  }
}
