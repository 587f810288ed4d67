internal import Glibc

/// An archive opened for recording: locked, whole, every segment sealed.
///
/// Opening repairs what a crash left. Each step can be cut off by another crash and is then done again: the
/// torn tail is truncated and that is synced before the seal is written, so a seal cut off is but another torn
/// tail; a file whose creation was cut off is removed. Where there is nothing to repair, the end of the archive is
/// synced: its recorder may have been killed just before it did that.
public struct RecordableArchive: ~Copyable, Sendable {
  /// The directory as it was given.
  public let directory: String
  /// Shared by all segments of the archive.
  public let archiveID: UInt64
  /// The index for the next segment.
  public let nextSegmentIndex: UInt64
  /// The number for the next message.
  public let nextMessageNumber: UInt64
  /// What was repaired, nil where nothing was to do.
  public let repair: ArchiveRepair?
  private let lock: ArchiveLock

  /// Opens the archive in `directory`, or begins one where the directory is missing or empty.
  /// O(size of the last segment); the segments before it are not read (`ArchiveVerification` does that).
  ///
  /// - Throws: `ArchiveError.inUse`, `.damaged`, `.system`.
  public init(openingForRecording directory: String) throws(ArchiveError) {
    try self.init(recovering: directory, windowSize: FileWindow.capacity)
  }

  /// - Parameter didSync: gets the path of each file and directory that was synced, in order.
  init(
    recovering path: String, windowSize: Int, didSync: (String) -> Void = { _ in }
  ) throws(ArchiveError) {
    let isNew = unsafe mkdir(path, 0o755) == 0
    if !isNew && errno != EEXIST { throw .system(operation: "create", path: path, errno: errno) }
    let directory = try ArchiveDirectory(path)
    let lock = try ArchiveLock(directory)
    let state = try Self.recover(directory, isNew: isNew, windowSize: windowSize, didSync)
    self.directory = path
    self.lock = lock
    archiveID = state.archiveID
    nextSegmentIndex = state.nextSegmentIndex
    nextMessageNumber = state.nextMessageNumber
    repair = state.repair == ArchiveRepair() ? nil : state.repair
  }

  /// The header of the next segment.
  public func nextHeader(creationTime: UInt64) -> SegmentHeader {
    SegmentHeader(
      archiveID: archiveID, segmentIndex: nextSegmentIndex, firstMessageNumber: nextMessageNumber,
      creationTime: creationTime)
  }

  private struct State {
    var archiveID: UInt64
    var nextSegmentIndex: UInt64
    var nextMessageNumber: UInt64
    var repair: ArchiveRepair
  }

  private static func recover(
    _ directory: ArchiveDirectory, isNew: Bool, windowSize: Int, _ didSync: (String) -> Void
  ) throws(ArchiveError) -> State {
    var repair = ArchiveRepair()
    while true {
      let indices = try directory.segments()
      guard let last = indices.last else {
        try syncEntry(of: directory, isNew: isNew, didSync)
        var random = SystemRandomNumberGenerator()
        return State(archiveID: random.next(), nextSegmentIndex: 1, nextMessageNumber: 1, repair: repair)
      }
      if let missing = firstMissing(indices) {
        throw .damaged(
          ArchiveDamage(segment: missing, path: directory.file(missing), offset: 0, reason: .missingSegment))
      }
      switch try SegmentReader.open(last, in: directory, windowSize: windowSize) {
      case .tornCreation:
        try directory.remove(last)
        try sync(directory, didSync)
        repair.removedFiles.append(directory.file(last))
      case .damaged(let damage): throw .damaged(damage)
      case .reader(var reader):
        func damage(_ reason: ArchiveDamage.Reason) -> ArchiveError {
          .damaged(ArchiveDamage(segment: last, path: directory.file(last), offset: 0, reason: reason))
        }
        let header = reader.header
        if let reason = header.fault(index: last, archiveID: nil, firstMessage: last == 1 ? 1 : nil) {
          throw damage(reason)
        }
        while try reader.next() {}
        let next = header.firstMessageNumber + UInt64(reader.messages)
        if !ArchiveLayout.messageNumbers.contains(next) { throw damage(.impossibleMessageNumber(next)) }
        try close(reader, in: directory, &repair, didSync)
        return State(
          archiveID: header.archiveID, nextSegmentIndex: last + 1, nextMessageNumber: next, repair: repair)
      }
    }
  }

  private static func firstMissing(_ indices: [UInt64]) -> UInt64? {
    (1...UInt64(indices.count)).first { indices[Int($0) - 1] != $0 }
  }

  /// Makes sure that the segment is sealed, and the seal on the disk.
  private static func close(
    _ reader: borrowing SegmentReader, in directory: ArchiveDirectory, _ repair: inout ArchiveRepair,
    _ didSync: (String) -> Void
  ) throws(ArchiveError) {
    let place: Int
    switch reader.end! {
    case .sealed:
      // Its recorder may have been killed between the seal's write and its sync. A segment that follows must not
      // reach the disk before it.
      try sync(ArchiveFile(opening: reader.window.file.path, flags: O_RDONLY), didSync)
      try sync(directory, didSync)
      return
    case .damaged(let damage): throw .damaged(damage)
    case .cleanTail(let offset): place = offset
    case .tornTail(let offset, _):
      place = offset
      repair.tornBytes = reader.window.size - offset
    }
    let file = try ArchiveFile(opening: reader.window.file.path, flags: O_RDWR)
    try file.truncate(to: place)
    try sync(file, didSync)
    var encoder = SegmentEncoder(
      reader.header, resumingAt: place, messages: reader.messages, firstTime: reader.firstTime,
      lastTime: reader.lastTime)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: encoder.sealLength, alignment: ArchiveLayout.blockSize)
    defer { unsafe buffer.deallocate() }
    _ = encoder.encodeSeal(time: reader.lastTime, into: buffer)
    try unsafe file.write(buffer.bytes, at: place)
    try sync(file, didSync)
    try sync(directory, didSync)
    repair.sealedSegment = reader.header.segmentIndex
  }

  private static func sync(_ file: borrowing ArchiveFile, _ didSync: (String) -> Void) throws(ArchiveError) {
    try file.sync()
    didSync(file.path)
  }

  /// Makes the directory itself durable. It may have been made by an earlier run that was killed too early for that;
  /// where this process did not make it and may not read what it is in, that is its owner's part.
  private static func syncEntry(
    of directory: ArchiveDirectory, isNew: Bool, _ didSync: (String) -> Void
  ) throws(ArchiveError) {
    let parent: ArchiveDirectory
    do throws(ArchiveError) {
      parent = try ArchiveDirectory(directory.path + "/..")
      try parent.sync()
    } catch {
      if !isNew, case .system(_, _, EACCES) = error { return }
      throw error
    }
    didSync(parent.path)
  }

  private static func sync(_ directory: ArchiveDirectory, _ didSync: (String) -> Void) throws(ArchiveError) {
    try directory.sync()
    didSync(directory.path)
  }
}

/// What opening an archive for recording repaired.
public struct ArchiveRepair: Sendable, Equatable {
  /// The segment that its recorder did not close, and that was closed now.
  public var sealedSegment: UInt64?
  /// Bytes behind its last valid record that were cut off; 0 where only zeros or nothing followed.
  public var tornBytes = 0
  /// Files whose creation was cut off, removed.
  public var removedFiles: [String] = []
}
