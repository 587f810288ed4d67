internal import Glibc

/// The messages of an archive over all its segments, in the order in which they were recorded.
///
/// Memory is one window of a few megabytes whatever the archive's size. `next()` returns false at the end of
/// what is there, and may be called again: it then goes on with what was recorded since, over the change to
/// another segment, too. That is all a `tail` needs.
public struct ArchiveReader: ~Copyable {
  private let directory: ArchiveDirectory
  private var segment: OpenSegment?
  private var expectedArchive: UInt64?
  private var nextIndex: UInt64 = 1
  private let windowSize: Int
  /// Payload bytes of the segments that are done with.
  private var finishedBytes = 0
  /// Messages read so far.
  public private(set) var messages: UInt64 = 0
  /// That the archive is being written: an unfinished end is then taken for what it is without a search for
  /// proof of damage in the rest of the file.
  public var isFollowing: Bool {
    didSet { segment?.reader.isFollowing = isFollowing }
  }

  /// A reader at the first message.
  ///
  /// - Throws: where `path` is no directory, or holds no archive.
  public init(_ path: String, isFollowing: Bool = false) throws(ArchiveError) {
    try self.init(path, isFollowing: isFollowing, windowSize: FileWindow.capacity)
  }

  init(_ path: String, isFollowing: Bool, windowSize: Int) throws(ArchiveError) {
    let directory = try ArchiveDirectory(path)
    if try directory.segments().isEmpty && !directory.hasLockFile { throw .notAnArchive(path) }
    self.directory = directory
    self.windowSize = windowSize
    self.isFollowing = isFollowing
  }

  /// How the last segment ended when `next()` returned false; nil before that, and in an archive without one.
  public var end: SegmentEnd? { segment?.reader.end }

  /// Payload bytes read so far.
  public var payloadBytes: Int { finishedBytes + (segment?.reader.payloadBytes ?? 0) }

  /// The current message's bytes, valid until the next call of `next()`.
  public var payload: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let segment else { preconditionFailure("there is no message before next() returned true") }
      // SAFETY: the bytes stay until `next()`, which needs self for itself, opens another segment or reads on.
      let span = unsafe RawSpan(_unsafeBytes: segment.reader.payloadBytesInMemory)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The current message's number, from 1.
  public var number: UInt64 { segment?.reader.number ?? 0 }

  /// The current message's receive time in nanoseconds since 1970.
  public var time: UInt64 { segment?.reader.time ?? 0 }

  /// Goes to the next message. Returns false where there is none (yet). Amortised O(message).
  ///
  /// - Throws: `ArchiveError.damaged` at the first damage.
  public mutating func next() throws(ArchiveError) -> Bool {
    var wasRetried = false
    while true {
      guard let found = try segment?.reader.next() else {
        if try !openNext(after: nil) { return false }
        continue
      }
      if found {
        messages += 1
        return true
      }
      switch segment!.reader.end! {
      case .damaged(let damage): throw .damaged(damage)
      case .sealed(let seal):
        if try !openNext(after: seal) { return false }
        wasRetried = false
      case .cleanTail(let offset), .tornTail(let offset, _):
        // Its writer seals a segment before it begins the next: with one behind it, a second look must find
        // the seal.
        guard try hasNext() else { return false }
        if wasRetried {
          throw .damaged(
            ArchiveDamage(
              segment: nextIndex - 1, path: directory.file(nextIndex - 1), offset: offset, reason: .unsealed))
        }
        wasRetried = true
      }
    }
  }

  /// Whether the segment behind the current one has been begun.
  private func hasNext() throws(ArchiveError) -> Bool {
    guard let last = try directory.segments().last, last >= nextIndex else { return false }
    if last > nextIndex { return true }
    switch try SegmentReader.open(nextIndex, in: directory, windowSize: ArchiveLayout.blockSize) {
    case .tornCreation: return false
    case .reader: return true
    case .damaged: return true
    }
  }

  /// Opens the next segment, which must follow the one before.
  private mutating func openNext(after seal: SegmentSeal?) throws(ArchiveError) -> Bool {
    let indices = try directory.segments()
    guard let last = indices.last, last >= nextIndex else { return false }
    let path = directory.file(nextIndex)
    func damage(_ reason: ArchiveDamage.Reason) -> ArchiveError {
      .damaged(ArchiveDamage(segment: nextIndex, path: path, offset: 0, reason: reason))
    }
    if !indices.contains(nextIndex) { throw damage(.missingSegment) }
    switch try SegmentReader.open(nextIndex, in: directory, windowSize: windowSize) {
    case .tornCreation:
      if last > nextIndex { throw damage(.badHeader) }
      return false
    case .damaged(let found): throw .damaged(found)
    case .reader(let reader):
      if let reason = reader.header.fault(
        index: nextIndex, archiveID: expectedArchive, firstMessage: (seal?.lastMessageNumber ?? 0) + 1)
      {
        throw damage(reason)
      }
      expectedArchive = reader.header.archiveID
      finishedBytes += segment?.reader.payloadBytes ?? 0
      segment = OpenSegment(reader)
      segment!.reader.isFollowing = isFollowing
      nextIndex += 1
      return true
    }
  }
}

/// A place for the segment being read, which cannot be copied, beside none.
private final class OpenSegment {
  var reader: SegmentReader
  init(_ reader: consuming SegmentReader) { self.reader = reader }
}

extension SegmentHeader {
  /// What is wrong with this header where a segment of this index must follow; nil where it does.
  func fault(index: UInt64, archiveID: UInt64?, firstMessage: UInt64?) -> ArchiveDamage.Reason? {
    if segmentIndex != index || archiveID.map({ $0 != self.archiveID }) ?? false { return .foreignHeader }
    if let firstMessage, firstMessage != firstMessageNumber {
      return .messageGap(expected: firstMessage, found: firstMessageNumber)
    }
    return nil
  }
}
