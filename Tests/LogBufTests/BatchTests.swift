// Several records at one stroke, on both sides.

import LogBuf
import Testing

@Suite struct BatchTests {
  @Test func batch_whenUsedUp_givesItsRecordsInOrder() throws {
    try usesUp(SPSCWriter.self)
    try usesUp(MPSCWriter.self)
  }

  func usesUp<Writer: RecordWriter & ~Copyable>(_: Writer.Type) throws {
    for offset in stride(from: 0, to: 512, by: 8) {
      var ring = Writer.makeRing(capacity: 512)
      try ring.advance(to: offset)
      do {
        var batch = try ring.writer.tryClaimBatch(count: 8, of: 24)
        expect(batch.remainingSpace == 256)
        var number = 0
        while var claim = batch.next() {
          claim.fill(with: pattern(number, count: 24))
          claim.commit()
          number += 1
        }
        expect(number == 8)
        expect(batch.remainingSpace == 0)
      }
      var number = 0
      ring.reader.readBatch { bytes in
        expect(contents(bytes) == pattern(number, count: 24))
        number += 1
      }
      expect(number == 8)
      expect(ring.writer.bytesInUse == 0)
    }
  }

  @Test func batch_whenRecordIsCommitted_showsItAtOnce() throws {
    let ends = LogBuffer.spsc(capacity: 256)
    var writer = ends.writer
    var reader = ends.reader
    var batch = try writer.tryClaimBatch(space: 128)
    if let claim = batch.next(10) { claim.commit() }
    expect(reader.receive()?.count == 10)
    expect(!reader.hasRecord)
    if let claim = batch.next(1) { claim.commit() }
    expect(reader.receive()?.count == 1)
    expect(batch.next() == nil)
    expect(batch.next(200) == nil)
    expect(batch.next(.max) == nil)
    _ = consume batch
    expect(!reader.hasRecord)
    expect(writer.bytesInUse == 0)
  }

  @Test func batch_whenTooLarge_saysTheLimit() throws {
    let ends = LogBuffer.mpsc(capacity: 256)
    var writer = ends.writer
    func refusal(_ body: () throws(ClaimError) -> Void) -> ClaimError? {
      do { try body() } catch { return error }
      return nil
    }
    expect(
      refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(space: 129) } == .tooLarge(limit: 128))
    expect(
      refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(count: 9, of: 8) }
        == .tooLarge(limit: 128))
    expect(
      refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(count: .max, of: 8) }
        == .tooLarge(limit: 128))
    expect(
      refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(count: 1, of: 121) }
        == .tooLarge(limit: 120))
    expect(refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(count: 8, of: 8) } == nil)
    expect(refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(count: 8, of: 8) } == nil)
    expect(refusal { () throws(ClaimError) in _ = try writer.tryClaimBatch(space: 1) } == .full)
    _ = ends.reader
  }

  @Test func readBatch_whileAlive_givesNothingBack_andAllAtItsEnd() throws {
    let ends = LogBuffer.spsc(capacity: 256)
    var writer = ends.writer
    var reader = ends.reader
    for number in 0..<4 { try writer.send(number, count: 8) }
    do {
      var batch = reader.batch()
      var number = 0
      while let bytes = batch.next() {
        expect(contents(bytes) == pattern(number, count: 8))
        number += 1
        expect(writer.bytesInUse == 64)
        if number == 3 { break }
      }
    }
    expect(writer.bytesInUse == 16)
    expect(reader.bytesFreed == 48)
    expect(reader.receive() == pattern(3, count: 8))
  }

  @Test func readBatch_whenBodyThrows_countsTheRecordAsRead() throws {
    struct Stop: Error {}
    let ends = LogBuffer.spsc(capacity: 256)
    var writer = ends.writer
    var reader = ends.reader
    for number in 0..<3 { try writer.send(number, count: 8) }
    #expect(throws: Stop.self) {
      try reader.readBatch { bytes in
        if contents(bytes) == pattern(1, count: 8) { throw Stop() }
      }
    }
    expect(reader.receive() == pattern(2, count: 8))
  }
}
