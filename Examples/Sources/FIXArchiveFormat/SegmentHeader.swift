internal import CArchiveKernels

/// The first block of a segment: what archive it belongs to and where in it.
///
/// Only the first 52 bytes say something; the rest of the block is zero, so that the header can be written as
/// one block of direct I/O and the records behind it never touch it.
public struct SegmentHeader: Sendable, Equatable {
  /// A random number that all segments of one archive share.
  public let archiveID: UInt64
  /// The number in the file's name, from 1.
  public let segmentIndex: UInt64
  /// The number of the segment's first message; the archive's first is 1.
  public let firstMessageNumber: UInt64
  /// When the segment was begun, in nanoseconds since 1970.
  public let creationTime: UInt64

  /// A header of these fields.
  public init(archiveID: UInt64, segmentIndex: UInt64, firstMessageNumber: UInt64, creationTime: UInt64) {
    self.archiveID = archiveID
    self.segmentIndex = segmentIndex
    self.firstMessageNumber = firstMessageNumber
    self.creationTime = creationTime
  }

  private static let checkOffset = 48

  /// Fills the first block of `buffer`. O(1).
  @safe
  public func encode(into buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= ArchiveLayout.segmentHeaderSize, "a segment header fills a whole block")
    unsafe buffer.zero(0..<ArchiveLayout.segmentHeaderSize)
    unsafe buffer.store(ArchiveLayout.magic, at: 0)
    unsafe buffer.store(ArchiveLayout.version, at: 8)
    unsafe buffer.store(UInt32(ArchiveLayout.segmentHeaderSize), at: 12)
    unsafe buffer.store(archiveID, at: 16)
    unsafe buffer.store(segmentIndex, at: 24)
    unsafe buffer.store(firstMessageNumber, at: 32)
    unsafe buffer.store(creationTime, at: 40)
    // SAFETY: the buffer holds a whole block.
    unsafe buffer.store(nx_crc32c(0, buffer.baseAddress, Self.checkOffset), at: Self.checkOffset)
  }

  /// What the first block of a file is.
  public enum Decoded: Sendable, Equatable {
    case header(SegmentHeader)
    /// Nothing but zeros, or less than a block: it was never written.
    case unwritten
    /// A sound header of a version this code does not know.
    case unsupportedVersion(UInt32)
    /// Anything else.
    case invalid
  }

  /// Reads the first block of a file, which may be shorter than a block. O(1).
  public static func decode(_ block: RawSpan) -> Decoded {
    guard block.byteCount >= ArchiveLayout.segmentHeaderSize else { return .unwritten }
    if block.isZero(0..<ArchiveLayout.segmentHeaderSize) { return .unwritten }
    let check = unsafe block.withUnsafeBytes { unsafe nx_crc32c(0, $0.baseAddress, checkOffset) }
    guard block.load64(0) == ArchiveLayout.magic, block.load32(checkOffset) == check else { return .invalid }
    let version = block.load32(8)
    guard version == ArchiveLayout.version else { return .unsupportedVersion(version) }
    guard block.load32(12) == UInt32(ArchiveLayout.segmentHeaderSize),
      block.isZero(checkOffset + 4..<ArchiveLayout.segmentHeaderSize)
    else { return .invalid }
    return .header(
      SegmentHeader(
        archiveID: block.load64(16), segmentIndex: block.load64(24), firstMessageNumber: block.load64(32),
        creationTime: block.load64(40)))
  }

  /// The CRC that every record's check word continues from: a record of another archive or segment has
  /// another one, so that stale blocks never pass for records.
  var recordSeed: UInt32 {
    let identity: InlineArray<2, UInt64> = [archiveID, segmentIndex]
    return unsafe identity.span.bytes.withUnsafeBytes { unsafe nx_crc32c(0, $0.baseAddress, $0.count) }
  }
}
