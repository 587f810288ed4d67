internal import CArchiveKernels

/// Why the bytes at a place are no record.
public enum RecordFault: Sendable, Equatable {
  /// The word is zero: nothing was ever written here.
  case unwritten
  /// The top four bits of the word are no kind there is.
  case unknownKind(UInt32)
  /// The length does not fit the kind of the record.
  case badLength(Int)
  /// The record would reach beyond the end of the file.
  case beyondEnd
  /// The check word is not that of these bytes at this place.
  case badCheck
  /// The bytes between the payload and the next record are not zero.
  case dirtyPadding
}

/// What stands at one place of a segment.
enum ScannedRecord {
  /// A message; the payload begins 16 bytes behind the record's start.
  case message(payload: Int, time: UInt64, length: Int)
  case mark(durableOffset: UInt64, length: Int)
  case seal(SegmentSeal, length: Int)
  /// The end of the file, and no byte more.
  case endOfFile
  case fault(RecordFault)
  /// This many bytes are needed at the place to tell.
  case needMore(Int)
}

/// Judges the record at one place of a segment: pure, from bytes at hand.
struct RecordScanner {
  let recordSeed: UInt32

  /// Judges the record at `offset` of the file, whose bytes begin at `bytes[0]`. O(record).
  ///
  /// - Parameters:
  ///   - bytes: what is at hand from there on.
  ///   - remaining: what the file has from there on, in bytes.
  func scan(_ bytes: RawSpan, offset: Int, remaining: Int) -> ScannedRecord {
    let headerSize = ArchiveLayout.recordHeaderSize
    if remaining == 0 { return .endOfFile }
    if bytes.byteCount < headerSize {
      if remaining >= headerSize { return .needMore(headerSize) }
      return .fault(bytes.isZero(0..<bytes.byteCount) ? .unwritten : .beyondEnd)
    }
    let word = bytes.load32(0)
    if word == 0 { return .fault(.unwritten) }
    let count = Int(word & 0x0FFF_FFFF)
    guard let kind = RecordKind(rawValue: word >> 28), kind != .unwritten else {
      return .fault(.unknownKind(word >> 28))
    }
    switch kind {
    case .mark:
      guard count >= ArchiveLayout.shortestMarkPayload, headerSize + count <= ArchiveLayout.longestMark,
        (offset + headerSize + count) % ArchiveLayout.blockSize == 0
      else { return .fault(.badLength(count)) }
    case .seal:
      guard count == ArchiveLayout.sealPayload else { return .fault(.badLength(count)) }
    case .message, .unwritten: break
    }

    let length = headerSize + ArchiveLayout.padded(count)
    if length > remaining { return .fault(.beyondEnd) }
    if length > bytes.byteCount { return .needMore(length) }
    let time = bytes.load64(8)
    let check = unsafe bytes.withUnsafeBytes { bytes in
      // SAFETY: `length` bytes are at hand.
      unsafe nx_record_crc32c(recordSeed, UInt64(offset), word, time, bytes.baseAddress! + headerSize, count)
    }
    if bytes.load32(4) != check { return .fault(.badCheck) }
    switch kind {
    case .mark: return .mark(durableOffset: bytes.load64(headerSize), length: length)
    case .seal: return .seal(SegmentSeal(decoding: bytes.extracting(headerSize...)), length: length)
    case .message, .unwritten:
      // The padding is the top of the last word: one load tells.
      if count & 7 != 0, bytes.load64(length - 8) >> UInt64(8 * (count & 7)) != 0 {
        return .fault(.dirtyPadding)
      }
      return .message(payload: count, time: time, length: length)
    }
  }
}
