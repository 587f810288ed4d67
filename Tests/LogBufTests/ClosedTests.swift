// What the ends learn of each other's end.

import Foundation
import LogBuf
import Testing

@Suite struct ClosedTests {
  @Test func claim_whenReaderIsGone_throwsClosed_afterTooLarge_andBeforeFull() throws {
    let ring = LogBuffer.spsc(capacity: 64)
    var writer = ring.writer
    expect(!writer.isReaderGone)
    while writer.refusal(8) == nil {}
    expect(writer.refusal(8) == .full)
    ring.reader.close()
    expect(writer.isReaderGone)
    expect(writer.refusal(8) == .closed)
    expect(writer.refusal(25) == .tooLarge(limit: 24))
  }

  @Test func reader_whenWriterIsGone_drainsWhatWasCommitted_andIsClosedThen() throws {
    let ring = LogBuffer.spsc(capacity: 256)
    var writer = ring.writer
    var reader = ring.reader
    try writer.send(1, count: 8)
    expect(!reader.isClosed && !reader.areWritersGone)
    do { _ = try writer.tryClaim(8) }
    writer.close()
    expect(reader.areWritersGone && !reader.isClosed)
    expect(reader.receive() == pattern(1, count: 8))
    expect(reader.isClosed)
    expect(reader.receive() == nil)
  }

  @Test func reader_whenOneOfTwoWritersIsGone_isNotClosed() throws {
    let ring = LogBuffer.mpsc(capacity: 256)
    let first = ring.writer
    var reader = ring.reader
    var second = first.clone()
    first.close()
    expect(!reader.areWritersGone)
    try second.send(4, count: 4)
    second.close()
    expect(reader.areWritersGone && !reader.isClosed)
    expect(reader.receive() == pattern(4, count: 4))
    expect(reader.isClosed)
  }

  /// The last record races with the end of its writer: whenever the reader sees the ring closed, it has had it.
  @Test func lastRecord_whenWriterGoesAtOnce_isNeverLost() {
    for number in 0..<2_000 {
      let ring = LogBuffer.mpsc(capacity: 64)
      let writer = Handover(ring.writer)
      var reader = ring.reader
      let worker = Worker {
        var writer = writer.take()
        try? writer.send(number, count: 8)
      }
      var received: [UInt8]?
      while !reader.isClosed {
        if let bytes = reader.receive() { received = bytes } else { sched_yield() }
      }
      worker.join()
      expect(received == pattern(number, count: 8))
    }
  }
}
