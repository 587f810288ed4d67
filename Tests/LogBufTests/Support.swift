// What the tests share: records whose bytes tell where they came from, one view of both kinds of
// writer, and threads.

import Foundation
import LogBuf
import Testing
@_exported import TestSeeds

/// The byte at `index` of the record numbered `number`. Never zero, so that missing zeroing and missing bytes show.
func patternByte(_ number: Int, _ index: Int) -> UInt8 {
  UInt8(truncatingIfNeeded: (number &* 31 &+ index &* 7) % 255 + 1)
}

func pattern(_ number: Int, count: Int) -> [UInt8] { (0..<count).map { patternByte(number, $0) } }

func contents(_ span: RawSpan) -> [UInt8] { unsafe span.withUnsafeBytes { unsafe Array($0) } }

/// `#expect` for conditions on noncopyable values, which the macro cannot take apart.
func expect(
  _ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(condition, comment, sourceLocation: sourceLocation)
}

extension WriteClaim {
  /// Copies an array to the start of the claim.
  mutating func fill(with bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe copy(from: $0) } }
}

/// What both kinds of writer can do, so that a test is written once.
protocol RecordWriter: ~Copyable, Sendable {
  @_lifetime(&self) mutating func tryClaim(_ count: Int) throws(ClaimError) -> WriteClaim
  @_lifetime(&self) mutating func tryClaimBatch(count: Int, of size: Int) throws(ClaimError) -> WriteBatch
  @_lifetime(&self) mutating func tryClaimBatch(space: Int) throws(ClaimError) -> WriteBatch
  var capacity: Int { get }
  var largestRecord: Int { get }
  var largestBatch: Int { get }
  var bytesInUse: Int { get }
  func hasRoom(for count: Int) -> Bool
  static func makeRing(capacity: Int) -> Ring<Self>
}

/// A ring's ends, whichever kind of writer.
struct Ring<Writer: RecordWriter & ~Copyable>: ~Copyable {
  var writer: Writer
  var reader: LogReader
}

extension SPSCWriter: RecordWriter {
  static func makeRing(capacity: Int) -> Ring<SPSCWriter> {
    let ends = LogBuffer.spsc(capacity: capacity)
    return Ring(writer: ends.writer, reader: ends.reader)
  }
}

extension MPSCWriter: RecordWriter {
  static func makeRing(capacity: Int) -> Ring<MPSCWriter> {
    let ends = LogBuffer.mpsc(capacity: capacity)
    return Ring(writer: ends.writer, reader: ends.reader)
  }
}

extension RecordWriter where Self: ~Copyable {
  /// Writes record `number` of `count` bytes, or throws as the claim does.
  mutating func send(_ number: Int, count: Int) throws(ClaimError) {
    var claim = try tryClaim(count)
    let bytes = pattern(number, count: count)
    claim.fill(with: bytes)
    claim.commit()
  }

  /// The error of a claim that is expected to fail.
  mutating func refusal(_ count: Int) -> ClaimError? {
    do {
      _ = try tryClaim(count)
      return nil
    } catch {
      return error
    }
  }
}

extension LogReader {
  /// The next record's bytes, copied.
  mutating func receive() -> [UInt8]? {
    guard var record = tryRead() else { return nil }
    return contents(record.bytes)
  }
}

extension Ring where Writer: ~Copyable {
  /// Moves the empty ring forward until its next record starts `offset` bytes into the memory.
  mutating func advance(to offset: Int) throws {
    var ahead = (offset - reader.bytesFreed) & (writer.capacity - 1)
    while ahead > 0 {
      let step = min(ahead, 8)
      do { _ = try writer.tryClaimBatch(space: step) }
      expect(reader.hasRecord == false)
      ahead -= step
    }
    expect(reader.bytesFreed & (writer.capacity - 1) == offset)
    expect(writer.bytesInUse == 0)
  }
}

/// Carries a noncopyable value into a thread.
final class Handover<Value: ~Copyable & Sendable>: @unchecked Sendable {
  private var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

/// A thread that can be waited for.
struct Worker {
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    let done = done
    Thread {
      body()
      done.signal()
    }.start()
  }

  func join() { done.wait() }
}
