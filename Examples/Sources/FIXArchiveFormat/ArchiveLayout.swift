/// The numbers of the archive format; `FORMAT.md` has the tables and the reasons.
///
///     segment file   | header block | record | record | ... | mark | record | ... | seal | 0 0 0 |
///                    0              4096                    ^ block boundary behind each mark
///
///     record         | word u32 | check u32 | time u64 | payload ... | 0 to a multiple of 8 |
///
/// All numbers are little-endian. Every record starts at a multiple of 8.
public enum ArchiveLayout {
  /// What direct I/O writes at once: every write starts and ends at a multiple of this, in bytes.
  public static let blockSize = 4096
  /// The first eight bytes of a segment, "NXFIXARC".
  public static let magic: UInt64 = 0x4352_4158_4946_584E
  /// The version of the format that this code writes and reads.
  public static let version: UInt32 = 1
  /// Bytes of a segment before its first record.
  public static let segmentHeaderSize = blockSize
  /// Bytes of a record before its payload.
  public static let recordHeaderSize = 16
  /// Records start at multiples of this.
  public static let recordAlignment = 8
  /// The longest payload the length field can say.
  public static let maximumPayload = (1 << 28) - 1
  /// The numbers that a segment's first message can have: what no recorder reaches is refused when a header is read, so
  /// that no count of a segment's messages overflows.
  public static let messageNumbers: ClosedRange<UInt64> = 1...1 << 62
  /// Bytes of a seal's payload.
  static let sealPayload = 32
  /// Bytes of the shortest mark's payload.
  static let shortestMarkPayload = 8
  /// No mark is longer, header included: the rest of one block too short for a mark, and a block.
  static let longestMark = blockSize + recordHeaderSize

  /// `count` rounded up to a multiple of 8.
  @inline(__always)
  static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

  /// `offset` rounded up to a block boundary.
  @inline(__always)
  static func blockEnd(_ offset: Int) -> Int { (offset + blockSize - 1) & ~(blockSize - 1) }

  /// The file name of a segment: its index in 16 digits, `.nxa`. Names sort in the order of the segments.
  public static func segmentName(_ index: UInt64) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits + ".nxa"
  }

  /// The index in a segment's file name, nil for any other name.
  public static func segmentIndex(ofName name: String) -> UInt64? {
    guard name.utf8.count == 20, name.hasSuffix(".nxa"), let index = UInt64(name.dropLast(4)), index > 0,
      segmentName(index) == name
    else { return nil }
    return index
  }
}

/// What a record is: the top four bits of its word.
public enum RecordKind: UInt32, Sendable {
  /// Never written: the word of zeros.
  case unwritten = 0
  /// One message as it was received.
  case message = 1
  /// Fills up to the block boundary and says how far the segment was durable.
  case mark = 2
  /// The end of a segment that was closed.
  case seal = 3
}
