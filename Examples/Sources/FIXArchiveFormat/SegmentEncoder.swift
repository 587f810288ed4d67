internal import CArchiveKernels

/// Writes a segment into memory that its caller gives it, and knows where in the file each byte belongs.
///
/// The encoder does no I/O. Its caller encodes records one behind the other, ends a batch with a mark when the
/// batch must reach the disk, and writes the memory at the file offset at which the batch began. Marks and seals
/// end at block boundaries, so batches are whole blocks: what was written once is never written again. The seal
/// is written alone, when a sync has covered everything before it.
public struct SegmentEncoder: Sendable {
  /// The segment's header.
  public let header: SegmentHeader
  /// Where in the file the next record goes, in bytes.
  public private(set) var offset = 0
  /// Messages encoded so far.
  public private(set) var messages = 0
  /// The receive times of the first and last message, 0 before there is one.
  public private(set) var firstTime: UInt64 = 0
  public private(set) var lastTime: UInt64 = 0
  private let recordSeed: UInt32

  /// An encoder at the start of a segment; `encodeHeader` comes first.
  public init(_ header: SegmentHeader) {
    self.header = header
    recordSeed = header.recordSeed
  }

  /// An encoder that goes on in a segment that holds `messages` up to `offset`.
  init(
    _ header: SegmentHeader, resumingAt offset: Int, messages: Int, firstTime: UInt64, lastTime: UInt64
  ) {
    self.init(header)
    self.offset = offset
    self.messages = messages
    self.firstTime = firstTime
    self.lastTime = lastTime
  }

  /// The number that the next message gets.
  public var nextMessageNumber: UInt64 { header.firstMessageNumber + UInt64(messages) }

  /// Bytes of the record of a message of `count` bytes.
  public static func length(ofMessage count: Int) -> Int {
    ArchiveLayout.recordHeaderSize + ArchiveLayout.padded(count)
  }

  /// Bytes of a mark at the current offset: up to the block boundary, or the next where a mark does not fit.
  public var markLength: Int {
    let shortest = ArchiveLayout.recordHeaderSize + ArchiveLayout.shortestMarkPayload
    return ArchiveLayout.blockEnd(offset + shortest) - offset
  }

  /// Bytes of a seal at the current offset with the zeros behind it, up to a block boundary.
  public var sealLength: Int {
    ArchiveLayout.blockEnd(offset + ArchiveLayout.recordHeaderSize + ArchiveLayout.sealPayload) - offset
  }

  /// What the segment's file will have in bytes when a message of `count` bytes and the seal are added: what
  /// the caller compares with its limit before it decides to begin another segment.
  public func sealedLength(addingMessage count: Int) -> Int {
    let end = offset + Self.length(ofMessage: count) + ArchiveLayout.longestMark
    return ArchiveLayout.blockEnd(end + ArchiveLayout.recordHeaderSize + ArchiveLayout.sealPayload)
  }

  /// Encodes the header block. Returns its length.
  @safe
  public mutating func encodeHeader(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    precondition(offset == 0, "the header is the first thing in a segment")
    header.encode(into: buffer)
    offset = ArchiveLayout.segmentHeaderSize
    return offset
  }

  /// Encodes one message received at `time` (nanoseconds since 1970). Returns the bytes used. O(payload).
  ///
  /// - Parameter buffer: at least `length(ofMessage:)` bytes, at any alignment.
  @safe
  public mutating func encodeMessage(
    _ payload: RawSpan, time: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    let count = payload.byteCount
    let length = Self.length(ofMessage: count)
    precondition(buffer.count >= length, "the record does not fit into the buffer")
    precondition(count <= ArchiveLayout.maximumPayload, "no record holds more than 256 MiB")
    precondition(offset >= ArchiveLayout.segmentHeaderSize, "encodeHeader comes first")
    let word = RecordKind.message.rawValue << 28 | UInt32(truncatingIfNeeded: count)
    // SAFETY: the buffer holds `length` bytes; the last word is zeroed first and then covered by the payload
    // up to the padding.
    unsafe payload.withUnsafeBytes { bytes in
      let base = buffer.baseAddress!
      let check = unsafe nx_record_crc32c(recordSeed, UInt64(offset), word, time, bytes.baseAddress, count)
      unsafe base.storeBytes(of: word, toByteOffset: 0, as: UInt32.self)
      unsafe base.storeBytes(of: check, toByteOffset: 4, as: UInt32.self)
      unsafe base.storeBytes(of: 0, toByteOffset: length - 8, as: UInt64.self)
      unsafe base.storeBytes(of: time, toByteOffset: 8, as: UInt64.self)
      if count > 0 {
        unsafe (base + ArchiveLayout.recordHeaderSize).copyMemory(from: bytes.baseAddress!, byteCount: count)
      }
    }
    if messages == 0 { firstTime = time }
    lastTime = time
    messages += 1
    offset += length
    return length
  }

  /// Encodes a mark, behind which a block begins. Returns `markLength`. O(block).
  ///
  /// - Parameters:
  ///   - durableOffset: how much of this segment, in bytes from its start, is known to be on the disk.
  ///   - time: nanoseconds since 1970.
  @safe
  public mutating func encodeMark(
    durableOffset: Int, time: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) -> Int {
    precondition(durableOffset <= offset, "what is not written cannot be durable")
    let length = markLength
    unsafe encode(
      .mark, payload: length - ArchiveLayout.recordHeaderSize, length: length, time: time, into: buffer
    ) { unsafe $0.store(UInt64(durableOffset), at: 0) }
    return length
  }

  /// Encodes the seal and the zeros behind it; nothing can follow. It says that all before it is durable. Returns what
  /// `sealLength` was. O(block).
  @safe
  public mutating func encodeSeal(time: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let length = sealLength
    let seal = SegmentSeal(
      messages: UInt64(messages), lastMessageNumber: nextMessageNumber - 1, firstTime: firstTime,
      lastTime: lastTime)
    unsafe encode(.seal, payload: ArchiveLayout.sealPayload, length: length, time: time, into: buffer) {
      unsafe seal.encode(into: $0)
    }
    return length
  }

  /// A record of zeros but for what `fill` sets in its payload, and zeros behind it up to `length`.
  private mutating func encode(
    _ kind: RecordKind, payload count: Int, length: Int, time: UInt64,
    into buffer: UnsafeMutableRawBufferPointer, fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(buffer.count >= length, "the record does not fit into the buffer")
    precondition(offset >= ArchiveLayout.segmentHeaderSize, "encodeHeader comes first")
    unsafe buffer.zero(0..<length)
    let start = ArchiveLayout.recordHeaderSize
    let payload = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + count])
    unsafe fill(payload)
    let word = kind.rawValue << 28 | UInt32(count)
    let check = unsafe nx_record_crc32c(recordSeed, UInt64(offset), word, time, payload.baseAddress, count)
    unsafe buffer.store(word, at: 0)
    unsafe buffer.store(check, at: 4)
    unsafe buffer.store(time, at: 8)
    offset += length
  }
}

/// What a seal says about its segment.
public struct SegmentSeal: Sendable, Equatable {
  /// Messages in the segment.
  public let messages: UInt64
  /// The number of the last of them; one less than the segment's first where there is none.
  public let lastMessageNumber: UInt64
  /// The receive times of the first and last message in nanoseconds since 1970, 0 where there is none.
  public let firstTime: UInt64
  public let lastTime: UInt64

  func encode(into payload: UnsafeMutableRawBufferPointer) {
    unsafe payload.store(messages, at: 0)
    unsafe payload.store(lastMessageNumber, at: 8)
    unsafe payload.store(firstTime, at: 16)
    unsafe payload.store(lastTime, at: 24)
  }
}

extension SegmentSeal {
  init(decoding payload: RawSpan) {
    self.init(
      messages: payload.load64(0), lastMessageNumber: payload.load64(8), firstTime: payload.load64(16),
      lastTime: payload.load64(24))
  }
}
