// Nothing is allocated once a ring is made. An allocation that is freed again at once would leave no trace in the
// counts of the C library, so its lists of free memory are emptied first: after that every allocation has to be carved
// anew, and stays on the books even when it was freed.

import Foundation
import LogBuf
import Testing

@Suite struct AllocationTests {
  @Test func steadyState_allocatesNothing() async {
    await #expect(processExitsWith: .success) {
      let ring = LogBuffer.mpsc(capacity: 4096)
      var writer = ring.writer
      var reader = ring.reader
      exercise(&writer, &reader)
      takeAllFreeMemory()
      let before = bytesAllocated()
      exercise(&writer, &reader)
      let after = bytesAllocated()
      precondition(before == after, "allocated \(Int(after) - Int(before)) bytes")
    }
  }

  /// The test above is worth something only if it sees an allocation that was freed at once.
  @Test func allocation_whenFreedAtOnce_isSeen() async {
    await #expect(processExitsWith: .success) {
      takeAllFreeMemory()
      let before = bytesAllocated()
      // Kept in between, or the compiler removes the pair.
      let block = unsafe malloc(48)
      unsafe keep(block)
      unsafe free(block)
      let after = bytesAllocated()
      // ThreadSanitizer brings an allocator of its own, which counts nothing here.
      precondition(after > before || after == 0)
    }
  }
}

private typealias Mallinfo2 = @convention(c) (UnsafeMutablePointer<Int>) -> UnsafeMutableRawPointer?

/// `mallinfo2` of the C library, which the Glibc module does not show. It returns a struct of ten words through a hidden
/// first argument, said aloud here. Looked up once, because the look-up allocates.
private let mallinfo2: Mallinfo2? = {
  #if arch(x86_64)
    return unsafe unsafeBitCast(dlsym(nil, "mallinfo2"), to: Mallinfo2?.self)
  #else
    return nil
  #endif
}()

/// The bytes the C library has handed out: the eighth of those words.
private func bytesAllocated() -> Int {
  guard let mallinfo2 = unsafe mallinfo2 else { return 0 }
  return unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 10) { words in
    unsafe words.initialize(repeating: 0)
    _ = unsafe mallinfo2(words.baseAddress!)
    return unsafe words[7]
  }
}

/// Allocates of every small size until the thread's own list of freed blocks is empty, as the books show: a block from
/// that list was never taken off them. Taking a block from elsewhere can refill the list with up to seven, hence the
/// number of times in a row.
private func takeAllFreeMemory() {
  for size in stride(from: 16, through: 1024, by: 16) {
    var counted = 0
    while counted < 16 {
      let before = bytesAllocated()
      unsafe keep(malloc(size))
      counted = bytesAllocated() != before || before == 0 ? counted + 1 : 0
    }
  }
}

/// Where `keep` leaves what it is given. Only the one thread of an exit test uses it.
nonisolated(unsafe) private var kept: UnsafeMutableRawPointer?

/// Makes the compiler believe in an allocation.
@inline(never)
private func keep(_ pointer: UnsafeMutableRawPointer?) { unsafe kept = unsafe pointer }

@inline(never)
private func exercise(_ writer: inout MPSCWriter, _ reader: inout LogReader) {
  for round in 1...2_000 {
    if var claim = try? writer.tryClaim(round % 200 + 8) {
      claim.write { $0.storeBytes(of: round, as: Int.self) }
      claim.commit()
    }
    if let claim = try? writer.tryClaim(64) { claim.commit(count: 8) }
    do { _ = try? writer.tryClaim(16) }
    if var batch = try? writer.tryClaimBatch(count: 4, of: 24) {
      while let claim = batch.next() { claim.commit() }
    }
    while var record = reader.tryRead() { if record.bytes.byteCount == 24 { break } }
    reader.readBatch { bytes in precondition(bytes.byteCount > 0) }
  }
}
