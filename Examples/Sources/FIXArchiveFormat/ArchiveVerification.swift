/// What a check of every record of an archive found.
public struct ArchiveVerification: Sendable, Equatable {
  /// Segment files, torn creations not counted.
  public var segments = 0
  /// Valid messages.
  public var messages: UInt64 = 0
  /// Their bytes.
  public var payloadBytes = 0
  /// Bytes of all segment files.
  public var fileBytes = 0
  /// The receive times of the first and last message in nanoseconds since 1970; nil where there is none.
  public var firstTime: UInt64?
  public var lastTime: UInt64?
  /// How the last segment ends; nil in an archive without segments, and where it is damaged.
  public var end: SegmentEnd?
  /// The file of a segment whose creation was cut off, where there is one; recording on removes it.
  public var tornCreation: String?
  /// All damage, at most one place per segment: what follows it in its segment cannot be trusted.
  public var damages: [ArchiveDamage] = []

  /// Whether every record that was ever durable is there. A torn tail is no damage.
  public var isSound: Bool { damages.isEmpty }

  /// Checks every record of the archive at `path`. O(size of the archive).
  ///
  /// - Throws: where there is no archive, or it cannot be read; damage is in the result.
  public init(checking path: String) throws(ArchiveError) {
    try self.init(checking: path, windowSize: FileWindow.capacity)
  }

  init(checking path: String, windowSize: Int) throws(ArchiveError) {
    let directory = try ArchiveDirectory(path)
    let indices = try directory.segments()
    if indices.isEmpty && !directory.hasLockFile { throw .notAnArchive(path) }
    var chain = Chain()
    for index in indices {
      while chain.index < index {
        damages.append(
          ArchiveDamage(
            segment: chain.index, path: directory.file(chain.index), offset: 0, reason: .missingSegment))
        chain.index += 1
        chain.firstMessage = nil
        // A file that names a far index says nothing about each of those before it.
        if index - chain.index > 16 { chain.index = index }
      }
      try check(index, in: directory, isLast: index == indices.last, windowSize: windowSize, &chain)
      chain.index += 1
    }
  }

  /// What the next segment must be.
  private struct Chain {
    var index: UInt64 = 1
    var archiveID: UInt64?
    // Nil behind damage, where it cannot be known.
    var firstMessage: UInt64? = 1
  }

  private mutating func check(
    _ index: UInt64, in directory: ArchiveDirectory, isLast: Bool, windowSize: Int, _ chain: inout Chain
  ) throws(ArchiveError) {
    let path = directory.file(index)
    switch try SegmentReader.open(index, in: directory, windowSize: windowSize) {
    case .tornCreation:
      if isLast {
        tornCreation = path
      } else {
        damages.append(ArchiveDamage(segment: index, path: path, offset: 0, reason: .badHeader))
        chain.firstMessage = nil
      }
    case .damaged(let damage):
      segments += 1
      damages.append(damage)
      chain.firstMessage = nil
      end = nil
    case .reader(var reader):
      segments += 1
      if let reason = reader.header.fault(
        index: index, archiveID: chain.archiveID, firstMessage: chain.firstMessage)
      {
        damages.append(ArchiveDamage(segment: index, path: path, offset: 0, reason: reason))
      }
      chain.archiveID = chain.archiveID ?? reader.header.archiveID
      while try reader.next() {}
      if !isLast, case .cleanTail = reader.end! {
        while try reader.next() {}
      } else if !isLast, case .tornTail = reader.end! {
        while try reader.next() {}
      }
      fileBytes += reader.window.size
      count(reader)
      conclude(reader, path: path, isLast: isLast, &chain)
    }
  }

  private mutating func count(_ reader: borrowing SegmentReader) {
    messages += UInt64(reader.messages)
    payloadBytes += reader.payloadBytes
    if reader.messages > 0 {
      if firstTime == nil { firstTime = reader.firstTime }
      lastTime = reader.lastTime
    }
  }

  private mutating func conclude(
    _ reader: borrowing SegmentReader, path: String, isLast: Bool, _ chain: inout Chain
  ) {
    chain.firstMessage = nil
    end = reader.end
    switch reader.end! {
    case .sealed(let seal):
      chain.firstMessage = seal.lastMessageNumber + 1
    case .cleanTail(let offset), .tornTail(let offset, _):
      if !isLast {
        damages.append(
          ArchiveDamage(segment: reader.header.segmentIndex, path: path, offset: offset, reason: .unsealed))
      }
    case .damaged(let damage):
      damages.append(damage)
      end = nil
    }
  }
}
