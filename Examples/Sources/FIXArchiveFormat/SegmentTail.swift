/// What stands in a segment from a place on at which no record is.
///
/// A record that was durable and is not valid now is damage; one that was never durable is the tail of a crash.
/// Only the segment itself can tell them apart: a seal was written when everything before it was synced, and a
/// mark says how far that was when it was written. Both are looked for at every place where a record could
/// begin, since the chain of lengths is broken.
struct SegmentTail {
  /// Nothing but zeros, or nothing at all.
  var isZero = true
  /// The first byte that is not zero, within eight bytes, where there is one.
  var firstNonZero = 0
  /// A valid seal or mark says that the place was durable.
  var hasProof = false

  // Marks and seals are looked for in pieces of this size, each with what a mark may need behind it.
  private static let piece = 1 << 20

  /// Searches the file from `start` to its end. O(rest of the file).
  ///
  /// - Parameter proofOf: the scanner of the segment's records; nil where only zeros are asked about.
  static func search(
    _ window: inout FileWindow, from start: Int, proofOf scanner: RecordScanner?
  ) throws(ArchiveError) -> SegmentTail {
    var tail = SegmentTail()
    var offset = start
    while offset < window.size {
      let count = min(piece, window.size - offset)
      try window.load(min(count + ArchiveLayout.longestMark, window.size - offset), at: offset)
      let bytes = window.bytes(at: offset)
      tail.examine(
        bytes, count: min(count, bytes.byteCount), offset: offset, start: start, size: window.size, scanner)
      if tail.hasProof || scanner == nil && !tail.isZero || bytes.byteCount == 0 { break }
      offset += count
    }
    return tail
  }

  /// Looks at the first `count` bytes, which stand at `offset` of the file.
  private mutating func examine(
    _ bytes: RawSpan, count: Int, offset: Int, start: Int, size: Int, _ scanner: RecordScanner?
  ) {
    var place = 0
    while place < count {
      if place + 8 > bytes.byteCount {
        if !bytes.isZero(place..<bytes.byteCount) { noteNonZero(offset + place) }
        return
      }
      let word = bytes.load64(place)
      if word != 0 {
        noteNonZero(offset + place)
        if let scanner,
          isProof(bytes.extracting(place...), offset: offset + place, start: start, size: size, scanner)
        {
          hasProof = true
          return
        }
      }
      place += 8
    }
  }

  private mutating func noteNonZero(_ offset: Int) {
    if isZero { firstNonZero = offset }
    isZero = false
  }

  private func isProof(
    _ bytes: RawSpan, offset: Int, start: Int, size: Int, _ scanner: RecordScanner
  ) -> Bool {
    let kind = RecordKind(rawValue: bytes.load32(0) >> 28)
    guard kind == .mark || kind == .seal else { return false }
    switch scanner.scan(bytes, offset: offset, remaining: size - offset) {
    case .mark(let durableOffset, _): return durableOffset > UInt64(start)
    case .seal: return true
    case .message, .endOfFile, .fault, .needMore: return false
    }
  }
}
