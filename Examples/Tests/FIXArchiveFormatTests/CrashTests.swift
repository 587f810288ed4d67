import Glibc
import Testing

@testable import FIXArchiveFormat

/// What a crash can leave, and that opening the archive again keeps everything before it.
@Suite struct CrashTests {
  /// A sealed segment, and a second one in the making: messages, a mark, messages.
  static func archive(sealing: Bool = false) -> (
    first: SegmentBuilder, second: SegmentBuilder, all: [[UInt8]]
  ) {
    let all = (0..<24).map { payload($0, length: 20 + $0 * 5) }
    var first = SegmentBuilder()
    for message in all[..<8] { first.add(message, time: 1) }
    first.seal()
    var second = SegmentBuilder(index: 2, firstMessage: 9)
    for message in all[8..<16] { second.add(message, time: 2) }
    second.mark(durable: ArchiveLayout.segmentHeaderSize)
    for message in all[16...] { second.add(message, time: 3) }
    if sealing { second.seal() }
    return (first, second, all)
  }

  @Test(arguments: [false, true])
  func segment_cutAtEveryByte_keepsTheMessagesBeforeTheCut(isSealed: Bool) throws {
    let (first, second, all) = Self.archive(sealing: isSealed)
    let directory = TemporaryDirectory()
    for length in 0...second.bytes.count {
      directory.write(first.bytes, segment: 1)
      directory.write(Array(second.bytes[..<length]), segment: 2)
      let kept = 8 + second.messageEnds.filter { $0 <= length }.count
      #expect(try contents(directory.path) == Array(all[..<kept]), "cut at \(length)")
      #expect(try verification(directory.path).isSound, "cut at \(length)")

      let archive = try recover(directory.path)
      #expect(archive.nextMessageNumber == UInt64(kept) + 1)
      #expect(archive.nextSegmentIndex == (length < ArchiveLayout.segmentHeaderSize ? 2 : 3))
      #expect(archive.archiveID == 0xA5C1)
      #expect(try contents(directory.path) == Array(all[..<kept]), "recovered from \(length)")
      let report = try verification(directory.path)
      #expect(report.isSound)
      guard case .sealed = report.end else {
        Issue.record("not sealed after recovery from \(length): \(String(describing: report.end))")
        return
      }
    }
  }

  @Test func recovery_cutOffAtEveryStep_isDoneAgain() throws {
    let (first, second, all) = Self.archive()
    let torn = Array(second.bytes.dropLast(9)) + [7, 7, 7]
    let directory = TemporaryDirectory()
    directory.write(first.bytes, segment: 1)
    directory.write(torn, segment: 2)
    var archive = try recover(directory.path)
    #expect(archive.repair == ArchiveRepair(sealedSegment: 2, tornBytes: torn.count - second.messageEnds[14]))
    let sealed = directory.read(segment: 2)
    // The seal is written in one piece, of which any part may be missing.
    for length in second.messageEnds[14]...sealed.count {
      directory.write(Array(sealed[..<length]), segment: 2)
      archive = try Self.again(consume archive, directory.path)
      #expect(archive.nextMessageNumber == 24)
      // A whole seal counts, though the zeros behind it may be cut off.
      let found = directory.read(segment: 2)
      #expect(sealed.starts(with: found) && found.count >= second.messageEnds[14] + 48)
    }
    #expect(try contents(directory.path) == Array(all.dropLast()))
    archive = try Self.again(consume archive, directory.path)
    #expect(archive.repair == nil)
  }

  /// Gives the lock back, then recovers.
  static func again(_ archive: consuming RecordableArchive, _ path: String) throws -> RecordableArchive {
    _ = consume archive
    return try recover(path)
  }

  /// What a recovery syncs, in order.
  static func syncs(_ path: String) throws -> [String] {
    var synced: [String] = []
    _ = try recover(path) { synced.append($0) }
    return synced
  }

  @Test func seal_whoseRecorderWasKilledBeforeItsSync_isSyncedBeforeAnotherSegmentIsBegun() throws {
    let (first, second, _) = Self.archive(sealing: true)
    let directory = TemporaryDirectory()
    directory.write(first.bytes, segment: 1)
    directory.write(second.bytes, segment: 2)
    #expect(try Self.syncs(directory.path) == [directory.file(2), directory.path])
    // So is the one in front of a file that was only created.
    directory.write([], segment: 3)
    #expect(try Self.syncs(directory.path) == [directory.path, directory.file(2), directory.path])
    // What is sealed now: cut, then sealed.
    directory.write(Array(second.bytes[..<second.messageEnds[15]]), segment: 2)
    #expect(try Self.syncs(directory.path) == [directory.file(2), directory.file(2), directory.path])
  }

  @Test func directory_thatIsMade_isSyncedInItsParent() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/new"
    #expect(try Self.syncs(path) == [path + "/.."])
    // It may have been made by a run that was killed before it could sync.
    #expect(try Self.syncs(path) == [path + "/.."])
    unsafe unlink(path + "/lock")
    unsafe rmdir(path)
  }

  @Test func preallocatedSegment_endsInACleanTail_andIsCutToItsRecords() throws {
    let (_, _, all) = Self.archive()
    let directory = TemporaryDirectory()
    var segment = SegmentBuilder()
    for message in all { segment.add(message, time: 1) }
    let end = segment.bytes.count
    directory.write(segment.bytes + [UInt8](repeating: 0, count: 50_001), segment: 1)
    #expect(try verification(directory.path).end == .cleanTail(at: end))
    let archive = try recover(directory.path)
    #expect(archive.repair?.tornBytes == 0)
    #expect(directory.read(segment: 1).count == ArchiveLayout.blockEnd(end + 48))
  }

  @Test(arguments: [0, 1, 4095, 4096, 9000])
  func segment_thatWasOnlyCreated_isIgnoredAndRemoved(length: Int) throws {
    let (first, _, all) = Self.archive()
    let directory = TemporaryDirectory()
    directory.write(first.bytes, segment: 1)
    directory.write([UInt8](repeating: 0, count: length), segment: 2)
    #expect(try contents(directory.path) == Array(all[..<8]))
    let report = try verification(directory.path)
    #expect(report.isSound)
    #expect(report.tornCreation == directory.file(2))
    let archive = try recover(directory.path)
    #expect(archive.nextSegmentIndex == 2)
    #expect(archive.repair == ArchiveRepair(removedFiles: [directory.file(2)]))
    #expect(directory.names == ["0000000000000001.nxa", "lock"])
  }

  @Test func unwrittenRecord_beforeLaterOnes_isATornTail_unlessAMarkCallsItDurable() throws {
    let (_, second, _) = Self.archive()
    let start = second.messageEnds[3]
    var bytes = second.bytes
    for place in start..<second.messageEnds[4] { bytes[place] = 0 }
    let directory = TemporaryDirectory()
    var first = SegmentBuilder()
    for number in 0..<8 { first.add(payload(number, length: 9), time: 1) }
    first.seal()
    directory.write(first.bytes, segment: 1)
    directory.write(bytes, segment: 2)
    #expect(try verification(directory.path).end == .tornTail(at: start, .unwritten))

    var durable = SegmentBuilder(index: 2, firstMessage: 9)
    for number in 0..<8 { durable.add(payload(number, length: 40), time: 2) }
    durable.mark(durable: ArchiveLayout.segmentHeaderSize)
    durable.add(payload(9, length: 40), time: 2)
    durable.mark(durable: durable.messageEnds[7])
    bytes = durable.bytes
    bytes[durable.messageEnds[5] + 3] ^= 0x40
    directory.write(bytes, segment: 2)
    let report = try verification(directory.path)
    #expect(report.damages.count == 1)
    #expect(report.damages.first?.offset == durable.messageEnds[5])
    #expect(throws: ArchiveError.damaged(report.damages[0])) { _ = try recover(directory.path) }
    #expect(throws: ArchiveError.damaged(report.damages[0])) { try contents(directory.path) }
  }

  @Test func lock_isHeldByOneRecorder() throws {
    let directory = TemporaryDirectory()
    let archive = try recover(directory.path + "/new")
    #expect(archive.nextSegmentIndex == 1)
    #expect(archive.nextMessageNumber == 1)
    #expect(throws: ArchiveError.inUse(directory: directory.path + "/new", byProcess: Int(getpid()))) {
      _ = try recover(directory.path + "/new")
    }
    #expect(try contents(directory.path + "/new").isEmpty)
    _ = consume archive
    _ = try recover(directory.path + "/new")
    unsafe unlink(directory.path + "/new/lock")
    unsafe rmdir(directory.path + "/new")
  }

  @Test func reader_calledAgain_goesOnWithWhatWasWrittenSince() throws {
    let (first, second, all) = Self.archive(sealing: true)
    let directory = TemporaryDirectory()
    var reader = try {
      directory.write(Array(first.bytes[..<first.messageEnds[2]]), segment: 1)
      return try ArchiveReader(directory.path, isFollowing: true, windowSize: 8192)
    }()
    var found: [[UInt8]] = []
    func follow(_ reader: inout ArchiveReader) throws {
      while try reader.next() { found.append(unsafe reader.payload.withUnsafeBytes { unsafe Array($0) }) }
    }
    try follow(&reader)
    #expect(found == Array(all[..<3]))
    directory.write(Array(first.bytes[..<(first.messageEnds[4] + 20)]), segment: 1)
    try follow(&reader)
    #expect(found == Array(all[..<5]))
    directory.write(first.bytes, segment: 1)
    try follow(&reader)
    directory.write([], segment: 2)
    try follow(&reader)
    #expect(found == Array(all[..<8]))
    directory.write(Array(second.bytes[..<second.messageEnds[9]]), segment: 2)
    try follow(&reader)
    #expect(found == Array(all[..<18]))
    directory.write(second.bytes, segment: 2)
    try follow(&reader)
    #expect(found == all)
  }
}
