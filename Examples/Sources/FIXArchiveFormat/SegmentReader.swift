internal import Glibc

/// How a segment ends.
public enum SegmentEnd: Sendable, Equatable {
  /// Closed in order: nothing was lost and nothing follows.
  case sealed(SegmentSeal)
  /// Not closed; zeros or nothing behind the record that ends at `at`. It is being written, or its writer was
  /// killed between two writes.
  case cleanTail(at: Int)
  /// Not closed; something that is no record stands at `at`: what a crash left of the last writes.
  case tornTail(at: Int, RecordFault)
  /// What was durable is not there any more.
  case damaged(ArchiveDamage)
}

/// The messages of one segment in order.
///
/// The first invalid record ends the reading. What that means is decided by the rest of the file: a valid seal,
/// or a valid mark that calls the place durable, makes it damage; else it is the tail of a crash. `next()` may
/// be called again after a tail: it goes on where it stopped, with what was written since.
struct SegmentReader: ~Copyable {
  /// The segment's header.
  let header: SegmentHeader
  /// Messages read so far.
  private(set) var messages = 0
  /// Their payload bytes.
  private(set) var payloadBytes = 0
  /// The receive times of the first and the latest of them.
  private(set) var firstTime: UInt64 = 0
  private(set) var lastTime: UInt64 = 0
  /// How the segment ends, once `next()` returned false.
  private(set) var end: SegmentEnd?
  /// Where the next record begins, in bytes.
  private(set) var offset = ArchiveLayout.segmentHeaderSize
  /// That the file is being written: a tail is then no reason to search the rest of the file for proof of
  /// damage.
  var isFollowing = false

  var window: FileWindow
  let scanner: RecordScanner
  // The current message's payload.
  private var payloadStart = 0
  private var payloadCount = 0
  // Where a fault was looked at twice, because the file may have been written between two reads.
  private var rereadOffset = -1

  /// What opening a segment file found.
  enum Opened: ~Copyable {
    case reader(SegmentReader)
    /// A file whose header was never written whole: its creation was cut off.
    case tornCreation
    case damaged(ArchiveDamage)
  }

  static func open(
    _ index: UInt64, in directory: ArchiveDirectory, windowSize: Int = FileWindow.capacity
  ) throws(ArchiveError) -> Opened {
    let path = directory.file(index)
    var window = try FileWindow(ArchiveFile(opening: path, flags: O_RDONLY), capacity: windowSize)
    try window.load(ArchiveLayout.segmentHeaderSize, at: 0)
    switch SegmentHeader.decode(window.bytes(at: 0)) {
    case .header(let header):
      let number = header.firstMessageNumber
      guard ArchiveLayout.messageNumbers.contains(number) else {
        return .damaged(
          ArchiveDamage(segment: index, path: path, offset: 0, reason: .impossibleMessageNumber(number)))
      }
      return .reader(SegmentReader(header: header, window: window))
    case .unsupportedVersion(let version):
      throw .unsupportedVersion(path: path, version: version)
    case .unwritten, .invalid:
      // Records follow a header that was written; nothing follows one that was not.
      let rest = try SegmentTail.search(&window, from: ArchiveLayout.segmentHeaderSize, proofOf: nil)
      return rest.isZero
        ? .tornCreation
        : .damaged(ArchiveDamage(segment: index, path: path, offset: 0, reason: .badHeader))
    }
  }

  private init(header: SegmentHeader, window: consuming FileWindow) {
    self.header = header
    scanner = RecordScanner(recordSeed: header.recordSeed)
    self.window = window
  }

  /// The current message's bytes, valid until the next call of `next()`.
  var payloadBytesInMemory: UnsafeRawBufferPointer {
    unsafe window.pointer(to: payloadCount, at: payloadStart)
  }

  /// The current message's number in the archive.
  var number: UInt64 { header.firstMessageNumber + UInt64(messages) - 1 }

  /// The current message's receive time in nanoseconds since 1970.
  var time: UInt64 { lastTime }

  /// Goes to the next message. Returns false at the end of the segment, which `end` then describes.
  /// Amortised O(message).
  mutating func next() throws(ArchiveError) -> Bool {
    if let end {
      switch end {
      case .sealed, .damaged: return false
      case .cleanTail, .tornTail:
        try window.refresh()
        self.end = nil
      }
    }
    var needed = ArchiveLayout.recordHeaderSize
    while true {
      try window.load(needed, at: offset)
      switch scanner.scan(window.bytes(at: offset), offset: offset, remaining: max(0, window.size - offset)) {
      case .message(let count, let time, let length):
        payloadStart = offset + ArchiveLayout.recordHeaderSize
        payloadCount = count
        if messages == 0 { firstTime = time }
        lastTime = time
        messages += 1
        payloadBytes += count
        offset += length
        return true
      case .mark(_, let length):
        offset += length
        needed = ArchiveLayout.recordHeaderSize
      case .needMore(let count):
        if count <= needed {
          // The file is shorter than it was.
          try window.refresh()
        }
        needed = count
      case .seal(let seal, let length):
        end = try afterSeal(seal, length: length)
        return false
      case .endOfFile:
        end = .cleanTail(at: offset)
        return false
      case .fault(let fault):
        if try isTail(fault) { return false }
        needed = ArchiveLayout.recordHeaderSize
      }
    }
  }

  /// Whether the seal counts what was read, and nothing follows it.
  private mutating func afterSeal(_ seal: SegmentSeal, length: Int) throws(ArchiveError) -> SegmentEnd {
    let found = SegmentSeal(
      messages: UInt64(messages), lastMessageNumber: header.firstMessageNumber + UInt64(messages) - 1,
      firstTime: firstTime, lastTime: lastTime)
    if found != seal { return damage(.sealMismatch) }
    let rest = try SegmentTail.search(&window, from: offset + length, proofOf: nil)
    if !rest.isZero {
      offset = rest.firstNonZero
      return damage(.bytesBehindSeal)
    }
    return .sealed(seal)
  }

  /// Decides what a fault is. Returns false where a second look finds a record in its place.
  private mutating func isTail(_ fault: RecordFault) throws(ArchiveError) -> Bool {
    if isFollowing {
      end = fault == .unwritten ? .cleanTail(at: offset) : .tornTail(at: offset, fault)
      return true
    }
    let rest = try SegmentTail.search(&window, from: offset, proofOf: scanner)
    if rest.hasProof {
      if rereadOffset != offset {
        rereadOffset = offset
        try window.refresh()
        return false
      }
      end = damage(.badRecord(fault))
    } else {
      end = rest.isZero ? .cleanTail(at: offset) : .tornTail(at: offset, fault)
    }
    return true
  }

  private func damage(_ reason: ArchiveDamage.Reason) -> SegmentEnd {
    .damaged(
      ArchiveDamage(segment: header.segmentIndex, path: window.file.path, offset: offset, reason: reason))
  }
}
