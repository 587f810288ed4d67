// Writers and the reader on threads of their own. These are what ThreadSanitizer is run on.

import Foundation
import LogBuf
import Testing

@Suite struct ThreadTests {
  @Test(arguments: [64, 256, 4096])
  func spsc_onTwoThreads_keepsOrderAndBytes(capacity: Int) {
    let records = 30_000
    let ring = LogBuffer.spsc(capacity: capacity)
    let writer = Handover(ring.writer)
    var reader = ring.reader
    let limit = reader.largestRecord
    let worker = Worker {
      var writer = writer.take()
      var random = SeededGenerator(seed: UInt64(capacity))
      for number in 0..<records {
        let count = Int.random(in: 1...min(limit, 100), using: &random)
        while true {
          guard var claim = try? writer.tryClaim(count) else {
            sched_yield()
            continue
          }
          claim.write { fill(&$0, number: number) }
          claim.commit()
          break
        }
      }
    }
    var random = SeededGenerator(seed: UInt64(capacity))
    var number = 0
    var wrong = 0
    while !reader.isClosed {
      let read = reader.readBatch(limit: 5) { bytes in
        let count = Int.random(in: 1...min(limit, 100), using: &random)
        if bytes.byteCount != count || !holds(bytes, number: number) { wrong += 1 }
        number += 1
      }
      if read == 0 { sched_yield() }
    }
    worker.join()
    expect(number == records && wrong == 0)
  }

  @Test(arguments: [1, 2, 5], [128, 4096])
  func mpsc_onManyThreads_keepsEachWritersOrder(writers: Int, capacity: Int) {
    let each = 8_000
    let ring = LogBuffer.mpsc(capacity: capacity)
    var reader = ring.reader
    let first = ring.writer
    var workers: [Worker] = []
    for id in 0..<writers {
      let writer = Handover(first.clone())
      workers.append(Worker { sendMany(writer.take(), id: id, records: each) })
    }
    first.close()
    var next = [Int](repeating: 0, count: writers)
    var checksum: UInt64 = 0
    var wrong = 0
    while !reader.isClosed {
      guard var record = reader.tryRead() else {
        sched_yield()
        continue
      }
      let bytes = record.bytes
      let id = Int(unsafe bytes.unsafeLoad(as: UInt32.self))
      let number = Int(unsafe bytes.unsafeLoad(fromByteOffset: 4, as: UInt32.self))
      if number != next[id] { wrong += 1 }
      next[id] = number + 1
      // Every seventh claim of a writer was dropped, so its number does not come.
      if next[id] % 7 == 6 { next[id] += 1 }
      checksum &+= UInt64(number)
    }
    workers.forEach { $0.join() }
    let numbers = (0..<each).filter { $0 % 7 != 6 }
    expect(wrong == 0)
    expect(checksum == UInt64(writers) * UInt64(numbers.reduce(0, +)))
    expect(reader.bytesInUse == 0)
  }
}

/// Sends numbered records of varying size, dropping every seventh claim and shortening every fifth.
private func sendMany(_ writer: consuming MPSCWriter, id: Int, records: Int) {
  for number in 0..<records {
    while true {
      guard var claim = try? writer.tryClaim(8 + number % 40) else {
        sched_yield()
        continue
      }
      claim.write { bytes in
        bytes.storeBytes(of: UInt32(id), as: UInt32.self)
        bytes.storeBytes(of: UInt32(number), toByteOffset: 4, as: UInt32.self)
      }
      if number % 7 == 6 { break }
      if number % 5 == 0 { claim.commit(count: 8) } else { claim.commit() }
      break
    }
  }
}

private func fill(_ bytes: inout MutableRawSpan, number: Int) {
  for index in 0..<bytes.byteCount {
    bytes.storeBytes(of: patternByte(number, index), toByteOffset: index, as: UInt8.self)
  }
}

private func holds(_ bytes: RawSpan, number: Int) -> Bool {
  for index in 0..<bytes.byteCount
  where unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) != patternByte(number, index) {
    return false
  }
  return true
}
