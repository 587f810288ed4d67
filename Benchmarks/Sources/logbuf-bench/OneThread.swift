// One thread writes a record and reads it: no cache line moves, so this is the price of the instructions.

import LogBuf

/// Sixty-four bytes to copy.
typealias Message = SIMD8<UInt64>

@inline(never)
func spscOneThread(records: Int) {
  let ring = LogBuffer.spsc(capacity: 64 * 1024)
  var writer = ring.writer
  var reader = ring.reader
  var message = Message(repeating: 1)
  var sum: UInt64 = 0
  for index in 0..<records {
    message[0] = UInt64(truncatingIfNeeded: index)
    passOne(&writer, &reader, message, &sum)
  }
  check(sum, records)
}

/// The hot path of the bar, by itself so that its machine code can be looked at.
@inline(never)
func passOne(
  _ writer: inout SPSCWriter, _ reader: inout LogReader, _ message: Message, _ sum: inout UInt64
) {
  guard var claim = try? writer.tryClaim(64) else { fatalError("full") }
  withUnsafeBytes(of: message) { claim.copy(from: $0) }
  claim.commit()
  if var record = reader.tryRead() {
    sum &+= record.bytes.unsafeLoad(as: UInt64.self)
  }
}

@inline(never)
func spscOneThreadSmall(records: Int) {
  let ring = LogBuffer.spsc(capacity: 64 * 1024)
  var writer = ring.writer
  var reader = ring.reader
  var sum: UInt64 = 0
  for index in 0..<records {
    guard var claim = try? writer.tryClaim(8) else { fatalError("full") }
    claim.write { bytes in bytes.storeBytes(of: UInt64(truncatingIfNeeded: index), as: UInt64.self) }
    claim.commit()
    if var record = reader.tryRead() { sum &+= record.bytes.unsafeLoad(as: UInt64.self) }
  }
  check(sum, records)
}

@inline(never)
func spscBatches(records: Int) {
  let ring = LogBuffer.spsc(capacity: 64 * 1024)
  var writer = ring.writer
  var reader = ring.reader
  var message = Message(repeating: 1)
  var sum: UInt64 = 0
  var index = 0
  while index < records {
    guard var batch = try? writer.tryClaimBatch(count: 32, of: 64) else { fatalError("full") }
    while var claim = batch.next() {
      message[0] = UInt64(truncatingIfNeeded: index)
      index &+= 1
      withUnsafeBytes(of: message) { claim.copy(from: $0) }
      claim.commit()
    }
    reader.readBatch { bytes in sum &+= bytes.unsafeLoad(as: UInt64.self) }
  }
  check(sum, index)
}

@inline(never)
func mpscOneThread(records: Int) {
  let ring = LogBuffer.mpsc(capacity: 64 * 1024)
  var writer = ring.writer
  var reader = ring.reader
  var message = Message(repeating: 1)
  var sum: UInt64 = 0
  for index in 0..<records {
    message[0] = UInt64(truncatingIfNeeded: index)
    guard var claim = try? writer.tryClaim(64) else { fatalError("full") }
    withUnsafeBytes(of: message) { claim.copy(from: $0) }
    claim.commit()
    if var record = reader.tryRead() { sum &+= record.bytes.unsafeLoad(as: UInt64.self) }
  }
  check(sum, records)
}

/// Stops when the records that came out are not those that went in.
func check(_ sum: UInt64, _ records: Int) {
  let count = UInt64(records)
  precondition(sum == count &* (count &- 1) / 2, "records were lost")
}
