/// The whole messages in a stretch of the input at hand, wherever they start, once they were looked for.
///
/// A damaged message may claim data field inside data field, thousands of them over the same stretch, and of each claim
/// it is asked which messages are in it. So the stretch is searched once, and what was found is kept.
struct FoundMessages: Sendable {
  /// What the checksums are compared with.
  var sums = WindowSums()
  // All that start in [from, to), in order, and are sound or may turn out to be.
  private var candidates: [Candidate] = []
  private var from = 0
  private var to = 0
  // The candidate behind the one found last: where the next search goes on, as a rule.
  private var next = 0

  private struct Candidate {
    let start: Int
    /// Out of reach of every search where the message turned out not to be sound.
    var end: Int
    /// Whether the checksum was verified. If not, the end was not at hand yet.
    var isSound: Bool
  }

  enum NextMessage {
    case none
    /// It can be told when the input reaches this place.
    case needMore(end: Int)
    case message(Range<Int>)
  }

  /// Forgets what was found.
  mutating func removeAll() {
    candidates = []
    (from, to, next) = (0, 0, 0)
  }

  /// The first whole message, checksum verified, that starts in `range` and ends by `windowEnd`.
  ///
  /// O(range) for what was not searched before, and O(candidates in the range).
  ///
  /// - Parameter maximumLength: the longest message that may be asked for.
  mutating func nextMessage(
    in bytes: RawSpan, range: Range<Int>, windowEnd: Int, maximumLength: Int, isFinal: Bool
  ) -> NextMessage {
    if range.lowerBound < from || range.lowerBound > to {
      removeAll()
      (from, to) = (range.lowerBound, range.lowerBound)
    }
    search(in: bytes, upTo: range.upperBound, maximumLength: maximumLength, isFinal: isFinal)
    var index = firstCandidate(from: range.lowerBound)
    while index < candidates.count, candidates[index].start < range.upperBound {
      defer { index += 1 }
      let candidate = candidates[index]
      if candidate.end > windowEnd { continue }
      if candidate.end > bytes.byteCount {
        if isFinal { continue }
        return .needMore(end: candidate.end)
      }
      if candidate.isSound || decide(index, in: bytes) {
        next = index + 1
        return .message(candidate.start..<candidate.end)
      }
    }
    // The search stopped at a start that the input cuts off.
    return to < range.upperBound ? .needMore(end: bytes.byteCount + 1) : .none
  }

  /// The first candidate that starts at `place` or behind it.
  private func firstCandidate(from place: Int) -> Int {
    var (low, high) = (0, candidates.count)
    if next <= high, next == 0 || candidates[next - 1].start < place {
      low = next
      if low == high || candidates[low].start >= place { return low }
    }
    while low < high {
      let middle = (low + high) / 2
      if candidates[middle].start < place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds the candidates that start in front of `end`.
  private mutating func search(in bytes: RawSpan, upTo end: Int, maximumLength: Int, isFinal: Bool) {
    while to < end, let hit = bytes.firstIndex(of: 0x38, in: to..<end) {
      switch MessageStart.parse(bytes, at: hit) {
      case .none: break
      case .cut:
        if !isFinal {
          to = hit
          return
        }
      case .start(let start):
        guard let messageEnd = start.end, messageEnd - hit <= maximumLength else { break }
        candidates.append(Candidate(start: hit, end: messageEnd, isSound: false))
        if messageEnd <= bytes.byteCount && !decide(candidates.count - 1, in: bytes) {
          candidates.removeLast()
        }
      }
      to = hit + 1
    }
    to = max(to, end)
  }

  /// Looks at a candidate that is at hand.
  private mutating func decide(_ index: Int, in bytes: RawSpan) -> Bool {
    let trailerStart = candidates[index].end - MessageStart.trailerLength
    if case .checksum(let expected) = Trailer.at(trailerStart, in: bytes),
      expected == Int(sums.sum(candidates[index].start..<trailerStart, in: bytes))
    {
      candidates[index].isSound = true
      return true
    }
    candidates[index].end = .max
    return false
  }
}
