/// Sums of stretches of the input at hand, kept from one question to the next.
///
/// A message whose checksum is wrong may declare a megabyte and yet be rejected after 20 bytes, because the next one
/// starts there and declares as much. So the sum up to the begin of every block is kept once it is known: then a stretch of
/// any length costs the bytes of two blocks, and all stretches together one pass over the input at hand.
struct WindowSums: Sendable {
  /// Whether the sums are kept. If not, every stretch is summed from its begin to its end.
  var areKept = false
  /// How many bytes were read for sums.
  private(set) var summed = 0
  // At index i, the sum of the first i blocks at hand, modulo 256.
  private var sumsOfBlocks: [UInt8] = []

  /// Shorter stretches are summed as they are.
  static let directLength = 1024
  private static let blockLength = 256

  /// Forgets what is known of the input at hand.
  mutating func removeAll() { sumsOfBlocks.removeAll(keepingCapacity: true) }

  /// The sum of the bytes in `range` modulo 256. O(range) if it is short or nothing is kept, else amortised O(1).
  mutating func sum(_ range: Range<Int>, in bytes: RawSpan) -> UInt8 {
    guard areKept && range.count > Self.directLength else { return add(range, in: bytes) }
    let first = (range.lowerBound + Self.blockLength - 1) / Self.blockLength
    let last = range.upperBound / Self.blockLength
    if sumsOfBlocks.isEmpty { sumsOfBlocks.append(0) }
    while sumsOfBlocks.count <= last {
      let start = (sumsOfBlocks.count - 1) * Self.blockLength
      sumsOfBlocks.append(sumsOfBlocks.last! &+ add(start..<start + Self.blockLength, in: bytes))
    }
    return add(range.lowerBound..<first * Self.blockLength, in: bytes)
      &+ sumsOfBlocks[last] &- sumsOfBlocks[first]
      &+ add(last * Self.blockLength..<range.upperBound, in: bytes)
  }

  private mutating func add(_ range: Range<Int>, in bytes: RawSpan) -> UInt8 {
    didSum(range.count)
    return bytes.byteSum(range)
  }

  /// Counts bytes that were summed elsewhere.
  mutating func didSum(_ count: Int) { summed &+= count }
}
