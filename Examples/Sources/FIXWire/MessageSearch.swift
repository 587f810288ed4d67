/// Searching a stretch of input for messages, where no message boundary is known.
enum MessageSearch {
  enum NextStart {
    case none
    /// The input ends before it can be told whether a message starts here.
    case cut(Int)
    case start(Int)
  }

  /// The first place in `range` where a message plausibly starts. O(range).
  static func nextStart(in bytes: RawSpan, range: Range<Int>) -> NextStart {
    var place = range.lowerBound
    while place < range.upperBound, let hit = bytes.firstIndex(of: 0x38, in: place..<range.upperBound) {
      switch MessageStart.match(bytes, at: hit) {
      case .none: place = hit + 1
      case .cut: return .cut(hit)
      case .start: return .start(hit)
      }
    }
    return .none
  }

  enum NextMessage {
    case none
    /// It can be told when the input reaches this place.
    case needMore(end: Int)
    case message(Range<Int>)
  }

  /// The first whole message, checksum verified, that starts in `range` and ends by `windowEnd`.
  /// O(range + bytes of the candidates).
  static func nextMessage(
    in bytes: RawSpan, range: Range<Int>, windowEnd: Int, isFinal: Bool, _ sums: inout WindowSums
  ) -> NextMessage {
    var place = range.lowerBound
    while place < range.upperBound, let hit = bytes.firstIndex(of: 0x38, in: place..<range.upperBound) {
      place = hit + 1
      switch MessageStart.parse(bytes, at: hit) {
      case .none: break
      case .cut: if !isFinal { return .needMore(end: bytes.byteCount + 1) }
      case .start(let start):
        guard let end = start.end, let trailerStart = start.trailerStart, end <= windowEnd else { break }
        if end > bytes.byteCount {
          if !isFinal { return .needMore(end: end) }
        } else if case .checksum(let expected) = Trailer.at(trailerStart, in: bytes),
          expected == Int(sums.sum(hit..<trailerStart, in: bytes))
        {
          return .message(hit..<end)
        }
      }
    }
    return .none
  }
}
