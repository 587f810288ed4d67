import Testing

@testable import FIXArchiveFormat

/// Every changed byte of what was durable is found.
@Suite struct DamageTests {
  static func sealedSegment() -> SegmentBuilder {
    var segment = SegmentBuilder()
    for number in 0..<20 { segment.add(payload(number, length: 10 + number * 3), time: UInt64(number)) }
    segment.mark(durable: 4096)
    for number in 20..<30 { segment.add(payload(number, length: 10 + number * 3), time: UInt64(number)) }
    segment.seal()
    return segment
  }

  @Test func bit_flippedAnywhereInASealedSegment_isDamage_andInItsSealATornTail() throws {
    let segment = Self.sealedSegment()
    let directory = TemporaryDirectory()
    let sealStart = segment.messageEnds[29]
    for place in segment.bytes.indices {
      var bytes = segment.bytes
      bytes[place] ^= 1 << (place % 8)
      directory.write(bytes, segment: 1)
      let report = try verification(directory.path)
      if (sealStart..<sealStart + 48).contains(place) {
        // Without its seal the last segment is one whose recorder was killed before it could close it.
        #expect(report.isSound, "byte \(place)")
        guard case .tornTail(sealStart, _) = report.end else {
          Issue.record("byte \(place): \(String(describing: report.end))")
          return
        }
      } else {
        #expect(report.damages.count == 1, "byte \(place)")
        #expect(throws: ArchiveError.self) { try contents(directory.path) }
      }
    }
  }

  @Test func bit_flippedInTheSealOfASegmentThatIsNotTheLast_isDamage() throws {
    var segment = Self.sealedSegment()
    segment.bytes[segment.messageEnds[29] + 20] ^= 2
    let directory = TemporaryDirectory()
    directory.write(segment.bytes, segment: 1)
    directory.write(SegmentBuilder(index: 2, firstMessage: 31).bytes, segment: 2)
    let report = try verification(directory.path)
    #expect(report.damages.map(\.reason) == [.unsealed])
    #expect(report.damages.first?.offset == segment.messageEnds[29])
    #expect(throws: ArchiveError.damaged(report.damages[0])) { try contents(directory.path) }
  }

  @Test func sealedSegment_cutShort_isDamageWhereAnotherFollows() throws {
    let segment = Self.sealedSegment()
    let directory = TemporaryDirectory()
    directory.write(SegmentBuilder(index: 2, firstMessage: 31).bytes, segment: 2)
    for length in [0, 100, 4096, 5000, segment.messageEnds[29] + 40] {
      directory.write(Array(segment.bytes[..<length]), segment: 1)
      #expect(try !verification(directory.path).isSound, "cut at \(length)")
      #expect(throws: ArchiveError.self) { try contents(directory.path) }
    }
  }

  @Test func bytes_behindTheSeal_areDamage() throws {
    let segment = Self.sealedSegment()
    let directory = TemporaryDirectory()
    directory.write(segment.bytes + [UInt8](repeating: 0, count: 100), segment: 1)
    #expect(try verification(directory.path).isSound)
    directory.write(segment.bytes + [UInt8](repeating: 0, count: 100) + [1], segment: 1)
    #expect(try verification(directory.path).damages.map(\.reason) == [.bytesBehindSeal])
  }

  @Test func segment_thatIsMissingOrInTheWrongPlace_isDamage() throws {
    let segment = Self.sealedSegment()
    let second = SegmentBuilder(index: 2, firstMessage: 31)
    let directory = TemporaryDirectory()
    directory.write(second.bytes, segment: 2)
    #expect(try verification(directory.path).damages.map(\.reason) == [.missingSegment])
    #expect(throws: ArchiveError.self) { _ = try recover(directory.path) }
    #expect(throws: ArchiveError.self) { try contents(directory.path) }

    directory.write(segment.bytes, segment: 1)
    #expect(try verification(directory.path).isSound)
    directory.write(SegmentBuilder(index: 3, firstMessage: 31).bytes, segment: 2)
    #expect(try verification(directory.path).damages.map(\.reason) == [.foreignHeader])
    directory.write(SegmentBuilder(index: 2, firstMessage: 31, archiveID: 4).bytes, segment: 2)
    #expect(try verification(directory.path).damages.map(\.reason) == [.foreignHeader])
    directory.write(SegmentBuilder(index: 2, firstMessage: 33).bytes, segment: 2)
    #expect(
      try verification(directory.path).damages.map(\.reason) == [.messageGap(expected: 31, found: 33)])
  }

  @Test(arguments: [0, 1 << 62 + 1, UInt64.max] as [UInt64], [1, 2] as [UInt64])
  func header_withAFirstMessageNumberThatNoRecorderReaches_isDamage(number: UInt64, index: UInt64) throws {
    let directory = TemporaryDirectory()
    if index == 2 { directory.write(Self.sealedSegment().bytes, segment: 1) }
    for messages in 0..<3 {
      for isSealed in [false, true] {
        var segment = SegmentBuilder(index: index, firstMessage: 1)
        for place in 0..<messages { segment.add(payload(place, length: 9), time: 1) }
        if isSealed { segment.seal() }
        // The header's check word is right, and no record's depends on the number.
        let header = SegmentHeader(
          archiveID: 0xA5C1, segmentIndex: index, firstMessageNumber: number, creationTime: 1)
        unsafe segment.bytes.withUnsafeMutableBytes { header.encode(into: $0) }
        directory.write(segment.bytes, segment: index)
        let damage = ArchiveDamage(
          segment: index, path: directory.file(index), offset: 0, reason: .impossibleMessageNumber(number))
        #expect(try verification(directory.path).damages == [damage])
        #expect(throws: ArchiveError.damaged(damage)) { try contents(directory.path) }
        #expect(throws: ArchiveError.damaged(damage)) { _ = try recover(directory.path) }
        #expect(directory.read(segment: index) == segment.bytes)
      }
    }
  }

  @Test func firstSegment_thatDoesNotBeginWithMessageOne_isNotRecordedOn() throws {
    let directory = TemporaryDirectory()
    directory.write(SegmentBuilder(firstMessage: 5).bytes, segment: 1)
    let damage = ArchiveDamage(
      segment: 1, path: directory.file(1), offset: 0, reason: .messageGap(expected: 1, found: 5))
    #expect(try verification(directory.path).damages == [damage])
    #expect(throws: ArchiveError.damaged(damage)) { _ = try recover(directory.path) }
  }

  @Test func lastMessageNumber_thatLeavesNoneForTheNext_isNotRecordedOn() throws {
    let directory = TemporaryDirectory()
    directory.write(Self.sealedSegment().bytes, segment: 1)
    var last = SegmentBuilder(index: 2, firstMessage: 1 << 62)
    last.add([1], time: 1)
    directory.write(last.bytes, segment: 2)
    #expect(throws: ArchiveError.self) { _ = try recover(directory.path) }
    #expect(directory.read(segment: 2) == last.bytes)
  }

  @Test func verification_afterDamage_goesOnWithTheNextSegment() throws {
    var first = Self.sealedSegment()
    first.bytes[4100] ^= 1
    var second = SegmentBuilder(index: 2, firstMessage: 31)
    second.add([1, 2, 3], time: 99)
    second.add([4], time: 100)
    second.seal()
    let directory = TemporaryDirectory()
    directory.write(first.bytes, segment: 1)
    directory.write(second.bytes, segment: 2)
    let report = try verification(directory.path)
    #expect(report.damages.count == 1)
    #expect(report.segments == 2)
    #expect(report.messages == 2)
    #expect(report.lastTime == 100)
  }

  @Test func openings_ofWhatIsNoArchive_sayWhat() throws {
    let directory = TemporaryDirectory()
    let missing = directory.path + "/missing"
    #expect(throws: ArchiveError.notAnArchive(directory.path)) { try contents(directory.path) }
    #expect(throws: ArchiveError.noSuchDirectory(missing)) { _ = try verification(missing) }
    directory.write([1], segment: 1)
    #expect(throws: ArchiveError.notADirectory(directory.file(1))) { try contents(directory.file(1)) }
  }

  @Test func segment_ofALaterVersion_isNotDamage() throws {
    var segment = Self.sealedSegment()
    segment.bytes[8] = 2
    // The check word of the changed header.
    var check = ~UInt32(0)
    for byte in segment.bytes[..<48] {
      check ^= UInt32(byte)
      for _ in 0..<8 { check = (check >> 1) ^ (check & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    for byte in 0..<4 { segment.bytes[48 + byte] = UInt8(truncatingIfNeeded: ~check >> UInt32(8 * byte)) }
    let directory = TemporaryDirectory()
    directory.write(segment.bytes, segment: 1)
    #expect(throws: ArchiveError.unsupportedVersion(path: directory.file(1), version: 2)) {
      try contents(directory.path)
    }
  }
}
