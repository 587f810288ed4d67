import FIXWire
import Testing

@testable import FIXArchiveFormat

/// What is encoded is what is read.
@Suite struct RoundTripTests {
  @Test func messages_ofEveryLength_areReadAsTheyWereWritten() throws {
    let directory = TemporaryDirectory()
    var first = SegmentBuilder()
    let messages = (0..<300).map { payload($0, length: $0) }
    for (number, message) in messages[..<150].enumerated() {
      first.add(message, time: UInt64(1000 + number))
      if number % 40 == 39 { first.mark(durable: first.bytes.count) }
    }
    first.seal()
    directory.write(first.bytes, segment: 1)
    var second = SegmentBuilder(index: 2, firstMessage: 151)
    for (number, message) in messages[150...].enumerated() {
      second.add(message, time: UInt64(1150 + number))
    }
    directory.write(second.bytes, segment: 2)

    #expect(try contents(directory.path) == messages)
    let report = try verification(directory.path)
    #expect(report.isSound)
    #expect(report.segments == 2)
    #expect(report.messages == 300)
    #expect(report.payloadBytes == messages.map(\.count).reduce(0, +))
    #expect(report.fileBytes == first.bytes.count + second.bytes.count)
    #expect(report.firstTime == 1000)
    #expect(report.lastTime == 1299)
    #expect(report.end == .cleanTail(at: second.bytes.count))
  }

  @Test func message_largerThanTheWindow_isRead() throws {
    let directory = TemporaryDirectory()
    var segment = SegmentBuilder()
    let messages = [payload(1, length: 100), payload(2, length: 100_000), payload(3, length: 7)]
    for message in messages { segment.add(message, time: 1) }
    segment.seal()
    directory.write(segment.bytes, segment: 1)
    #expect(try contents(directory.path, windowSize: 4096) == messages)
  }

  @Test func numbersAndTimes_goOnOverSegments() throws {
    let directory = TemporaryDirectory()
    var first = SegmentBuilder()
    first.add([1], time: 10)
    first.add([2], time: 20)
    first.seal()
    var second = SegmentBuilder(index: 2, firstMessage: 3)
    second.add([3], time: 30)
    directory.write(first.bytes, segment: 1)
    directory.write(second.bytes, segment: 2)
    var reader = try ArchiveReader(directory.path)
    var found: [[UInt64]] = []
    while try reader.next() { found.append([reader.number, reader.time]) }
    #expect(found == [[1, 10], [2, 20], [3, 30]])
    #expect(reader.messages == 3)
    #expect(reader.payloadBytes == 3)
  }

  @Test func marksAndSeals_endAtBlocks_whereverTheyBegin() {
    for length in 0..<600 {
      var segment = SegmentBuilder()
      segment.add(payload(1, length: length * 7), time: 1)
      var other = segment
      segment.mark(durable: 0)
      #expect(segment.bytes.count % ArchiveLayout.blockSize == 0)
      other.seal()
      #expect(other.bytes.count % ArchiveLayout.blockSize == 0)
      var empty = SegmentBuilder()
      #expect(other.bytes.count <= empty.encoder.sealedLength(addingMessage: length * 7))
      empty.seal()
    }
  }

  @Test func names_areSixteenDigits() {
    #expect(ArchiveLayout.segmentName(1) == "0000000000000001.nxa")
    #expect(ArchiveLayout.segmentIndex(ofName: "0000000000000012.nxa") == 12)
    for name in ["0000000000000000.nxa", "1.nxa", "000000000000001a.nxa", "0000000000000001.nxb", "lock"] {
      #expect(ArchiveLayout.segmentIndex(ofName: name) == nil)
    }
  }

  @Test func record_ofAnotherPlaceSegmentOrArchive_isNotValid() {
    var segment = SegmentBuilder()
    segment.add(payload(1, length: 50), time: 1)
    let start = ArchiveLayout.segmentHeaderSize
    let record = Array(segment.bytes[start...])
    func isValid(_ offset: Int, _ builder: SegmentBuilder) -> Bool {
      let scanner = RecordScanner(recordSeed: builder.encoder.header.recordSeed)
      if case .message = unsafe scanner.scan(record.span.bytes, offset: offset, remaining: record.count) {
        return true
      }
      return false
    }
    #expect(isValid(start, segment))
    #expect(!isValid(start + 8, segment))
    #expect(!isValid(start, SegmentBuilder(index: 2)))
    #expect(!isValid(start, SegmentBuilder(archiveID: 3)))
  }
}
