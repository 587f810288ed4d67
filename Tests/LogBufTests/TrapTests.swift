// Programmer's errors end the process. Each exit test runs in a process of its own.

import LogBuf
import Testing

@Suite struct TrapTests {
  @Test func claim_ofZeroBytes_traps_andSaysWhy() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ring = LogBuffer.spsc(capacity: 64)
      var writer = ring.writer
      _ = try? writer.tryClaim(0)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    expect(said.contains("a length word of zero marks a record that is not committed yet"))
  }

  @Test func claim_ofNegativeSize_traps_evenWhenClosed() async {
    await #expect(processExitsWith: .failure) {
      let ring = LogBuffer.mpsc(capacity: 64)
      var writer = ring.writer
      ring.reader.close()
      _ = try? writer.tryClaim(-1)
    }
  }

  @Test func batch_ofNoRecords_traps() async {
    await #expect(processExitsWith: .failure) {
      let ring = LogBuffer.spsc(capacity: 64)
      var writer = ring.writer
      _ = try? writer.tryClaimBatch(count: 0, of: 8)
    }
  }

  @Test func shortCommit_ofZeroBytes_traps() async {
    await #expect(processExitsWith: .failure) {
      let ring = LogBuffer.spsc(capacity: 64)
      var writer = ring.writer
      if let claim = try? writer.tryClaim(8) { claim.commit(count: 0) }
    }
  }

  @Test func shortCommit_ofMoreThanClaimed_traps() async {
    await #expect(processExitsWith: .failure) {
      let ring = LogBuffer.spsc(capacity: 64)
      var writer = ring.writer
      if let claim = try? writer.tryClaim(8) { claim.commit(count: 9) }
    }
  }

  @Test func copy_ofMoreThanClaimed_traps() async {
    await #expect(processExitsWith: .failure) {
      let ring = LogBuffer.spsc(capacity: 64)
      var writer = ring.writer
      let bytes = [UInt8](repeating: 1, count: 9)
      if var claim = try? writer.tryClaim(8) { claim.fill(with: bytes) }
    }
  }

  @Test func ring_ofNoCapacity_traps() async {
    await #expect(processExitsWith: .failure) { _ = LogBuffer.spsc(capacity: 0) }
  }
}
