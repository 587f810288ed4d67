/// Searching a stretch of input for the start of a message, where no message boundary is known.
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
}
