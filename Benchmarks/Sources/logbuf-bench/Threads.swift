// Writers and the reader on threads of their own: the price of moving cache lines from core to core.

import Foundation
import LogBuf

/// Carries a noncopyable value into a thread's closure.
final class Handover<Value: ~Copyable>: @unchecked Sendable {
  private var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

func start(_ body: @escaping @Sendable () -> Void) -> DispatchSemaphore {
  let done = DispatchSemaphore(value: 0)
  Thread {
    body()
    done.signal()
  }.start()
  return done
}

@inline(never)
func write(_ writer: inout SPSCWriter, records: Int) {
  var message = Message(repeating: 1)
  for index in 0..<records {
    message[0] = UInt64(truncatingIfNeeded: index)
    while true {
      guard var claim = try? writer.tryClaim(64) else {
        giveWay()
        continue
      }
      withUnsafeBytes(of: message) { claim.copy(from: $0) }
      claim.commit()
      break
    }
  }
}

@inline(never)
func write(_ writer: inout MPSCWriter, records: Int) {
  var message = Message(repeating: 1)
  for index in 0..<records {
    message[0] = UInt64(truncatingIfNeeded: index)
    while true {
      guard var claim = try? writer.tryClaim(64) else {
        giveWay()
        continue
      }
      withUnsafeBytes(of: message) { claim.copy(from: $0) }
      claim.commit()
      break
    }
  }
}

@inline(never)
func read(_ reader: inout LogReader, records: Int) -> UInt64 {
  var sum: UInt64 = 0
  var seen = 0
  while seen < records {
    guard var record = reader.tryRead() else {
      giveWay()
      continue
    }
    sum &+= record.bytes.unsafeLoad(as: UInt64.self)
    seen &+= 1
  }
  return sum
}

@inline(never)
func readBatched(_ reader: inout LogReader, records: Int) -> UInt64 {
  var sum: UInt64 = 0
  var seen = 0
  while seen < records {
    let read = reader.readBatch(limit: 64) { bytes in sum &+= bytes.unsafeLoad(as: UInt64.self) }
    if read == 0 { giveWay() }
    seen &+= read
  }
  return sum
}

func spscTwoThreads(records: Int, batched: Bool) {
  let ring = LogBuffer.spsc(capacity: 64 * 1024)
  let writer = Handover(ring.writer)
  var reader = ring.reader
  let done = start {
    var writer = writer.take()
    write(&writer, records: records)
  }
  let sum = batched ? readBatched(&reader, records: records) : read(&reader, records: records)
  done.wait()
  check(sum, records)
}

func mpscThreads(records: Int, writers: Int) {
  let ring = LogBuffer.mpsc(capacity: 64 * 1024)
  let first = ring.writer
  var reader = ring.reader
  let each = records / writers
  let done = (0..<writers).map { _ in
    let writer = Handover(first.clone())
    return start {
      var writer = writer.take()
      write(&writer, records: each)
    }
  }
  let sum = read(&reader, records: each * writers)
  done.forEach { $0.wait() }
  let count = UInt64(each)
  precondition(sum == UInt64(writers) &* (count &* (count &- 1) / 2), "records were lost")
}
