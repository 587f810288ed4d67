// One record at a time on one thread: what goes in comes out, at every place of the ring.

import LogBuf
import Testing

@Suite struct RecordTests {
  @Test func claim_whenCommitted_andRead_givesTheSameBytes() throws {
    try sends(SPSCWriter.self)
    try sends(MPSCWriter.self)
  }

  func sends<Writer: RecordWriter & ~Copyable>(_: Writer.Type) throws {
    var ring = Writer.makeRing(capacity: 1024)
    expect(ring.reader.receive() == nil)
    try ring.writer.send(1, count: 13)
    expect(ring.writer.bytesInUse == 24)
    expect(ring.reader.hasRecord)
    expect(ring.reader.receive() == pattern(1, count: 13))
    expect(ring.reader.receive() == nil)
    expect(ring.writer.bytesInUse == 0)
    expect(ring.reader.bytesFreed == 24)
  }

  @Test func claim_whenNotCommittedYet_holdsBackNothingBeforeIt() throws {
    let ends = LogBuffer.mpsc(capacity: 256)
    var first = ends.writer
    var second = first.clone()
    var reader = ends.reader
    try first.send(1, count: 8)
    let open = try first.tryClaim(8)
    try second.send(3, count: 8)
    expect(reader.receive() == pattern(1, count: 8))
    expect(!reader.hasRecord)
    open.commit()
    expect(reader.receive() == [UInt8](repeating: 0, count: 8))
    expect(reader.receive() == pattern(3, count: 8))
  }

  @Test(arguments: [64, 128, 256])
  func record_atEveryOffset_andOfEverySize_wrapsAround(capacity: Int) throws {
    try wraps(SPSCWriter.self, capacity: capacity)
    try wraps(MPSCWriter.self, capacity: capacity)
  }

  /// Every admissible size is claimable on the empty ring at every offset, reads back, and leaves only zeroes.
  func wraps<Writer: RecordWriter & ~Copyable>(_: Writer.Type, capacity: Int) throws {
    var ring = Writer.makeRing(capacity: capacity)
    let limit = ring.writer.largestRecord
    expect(limit == capacity / 2 - 8)
    for offset in stride(from: 0, to: capacity, by: 8) {
      for count in 1...limit {
        try ring.advance(to: offset)
        expect(ring.writer.hasRoom(for: count))
        try ring.writer.send(count, count: count)
        let received = ring.reader.receive()
        if received != pattern(count, count: count) {
          Issue.record("size \(count) at offset \(offset) of \(capacity): \(String(describing: received))")
        }
        expect(ring.writer.bytesInUse == 0)
      }
      expect(!ring.writer.hasRoom(for: limit + 1))
      expect(ring.writer.refusal(limit + 1) == .tooLarge(limit: limit))
      expect(ring.writer.refusal(.max) == .tooLarge(limit: limit))
    }
  }

  @Test(arguments: [64, 128])
  func fullRing_atEveryOffset_refuses_andGoesOnAfterOneRead(capacity: Int) throws {
    try fills(SPSCWriter.self, capacity: capacity)
    try fills(MPSCWriter.self, capacity: capacity)
  }

  func fills<Writer: RecordWriter & ~Copyable>(_: Writer.Type, capacity: Int) throws {
    for offset in stride(from: 0, to: capacity, by: 8) {
      var ring = Writer.makeRing(capacity: capacity)
      try ring.advance(to: offset)
      var sent = 0
      while ring.writer.hasRoom(for: 8) {
        try ring.writer.send(sent, count: 8)
        sent += 1
      }
      // A start eight bytes before a multiple of the extent costs one skip of eight at the ring's end.
      expect(sent == (offset % 16 == 0 ? capacity / 16 : capacity / 16 - 1))
      expect(ring.writer.refusal(8) == .full)
      expect(ring.reader.receive() == pattern(0, count: 8))
      expect(ring.writer.hasRoom(for: 8))
      try ring.writer.send(sent, count: 8)
      for number in 1...sent { expect(ring.reader.receive() == pattern(number, count: 8)) }
      expect(ring.reader.receive() == nil)
    }
  }

  @Test func claim_whenDropped_isPassedOver() throws {
    var ring = SPSCWriter.makeRing(capacity: 256)
    do {
      var claim = try ring.writer.tryClaim(20)
      claim.write { bytes in bytes.storeBytes(of: .max, as: UInt64.self) }
    }
    expect(ring.writer.bytesInUse == 32)
    expect(ring.reader.receive() == nil)
    expect(ring.reader.bytesFreed == 32)
    try ring.writer.send(2, count: 20)
    expect(ring.reader.receive() == pattern(2, count: 20))
  }

  @Test func shortCommit_ofEveryLength_givesTheRestBack() throws {
    for claimed in 1...40 {
      for kept in 1...claimed {
        var ring = SPSCWriter.makeRing(capacity: 128)
        var claim = try ring.writer.tryClaim(claimed)
        let bytes = pattern(claimed, count: claimed)
        claim.fill(with: bytes)
        claim.commit(count: kept)
        try ring.writer.send(7, count: 3)
        expect(ring.reader.receive() == Array(bytes.prefix(kept)))
        expect(ring.reader.receive() == pattern(7, count: 3))
        expect(ring.reader.receive() == nil)
        expect(ring.writer.bytesInUse == 0)
      }
    }
  }

  @Test func claim_whenFresh_isZero_andAligned() throws {
    var ring = SPSCWriter.makeRing(capacity: 512)
    for count in 1...248 {
      var claim = try ring.writer.tryClaim(count)
      expect(claim.count == count)
      var bytes = claim.bytes
      expect(bytes.byteCount == count)
      let allZero = unsafe bytes.withUnsafeBytes { unsafe $0.allSatisfy { $0 == 0 } }
      expect(allZero)
      let aligned = unsafe bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) % 8 == 0 }
      expect(aligned)
      _ = unsafe bytes.withUnsafeMutableBytes { unsafe $0.initializeMemory(as: UInt8.self, repeating: 0xFF) }
      claim.commit()
      if let record = ring.reader.tryRead() {
        expect(record.count == count)
        expect(record.withBytes { contents($0) } == [UInt8](repeating: 0xFF, count: count))
        record.free()
      } else {
        Issue.record("no record")
      }
    }
  }

  @Test func capacity_isRoundedUp_toAPowerOfTwo() {
    for (wanted, made) in [(1, 64), (63, 64), (64, 64), (65, 128), (4096, 4096), (5000, 8192)] {
      let ring = LogBuffer.spsc(capacity: wanted)
      expect(ring.writer.capacity == made)
      expect(ring.reader.capacity == made)
      expect(ring.writer.largestRecord == ring.reader.largestRecord)
    }
  }

  @Test func space_isTheExtentOfARecord() {
    expect([1, 8, 9, 64].map(LogBuffer.space(for:)) == [16, 16, 24, 72])
  }

  @Test func tryWrite_copiesOneRecord() throws {
    let ends = LogBuffer.spsc(capacity: 128)
    var writer = ends.writer
    var reader = ends.reader
    let bytes = pattern(5, count: 11)
    try unsafe writer.tryWrite(bytes.span.bytes)
    expect(reader.receive() == bytes)
  }
}
