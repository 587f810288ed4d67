// A log buffer is a fixed ring of bytes that carries records of any length from one writer (SPSC) or many (MPSC)
// to one reader. A writer claims room, fills it in place and commits; the reader borrows the bytes in place and
// gives them back. Nothing is allocated after creation, nothing blocks, and nothing here knows about tasks:
// both ends work from plain threads, and a waiting channel can be built on top.
//
// Where to read on: `RecordDescriptor.swift` and `RingDescriptor.swift` draw the memory, `_RingHandle*.swift` hold
// every access to it, and `SPSCWriter`, `MPSCWriter` and `LogReader` are the safe surface over the handle.

/// Makes log buffers, and states the arithmetic of their memory.
///
/// ```swift
/// let ring = LogBuffer.spsc(capacity: 64 * 1024)
/// var writer = ring.writer
/// var reader = ring.reader
///
/// var claim = try writer.tryClaim(5)
/// claim.write { bytes in bytes.storeBytes(of: 7, as: UInt32.self) }
/// claim.commit()
///
/// while var record = reader.tryRead() { print(record.bytes.byteCount) }
/// ```
///
/// The ring refuses when it is full; it never overwrites and never waits. Choose a capacity of several times the
/// largest burst between two visits of the reader.
public enum LogBuffer {
  /// Makes a ring for one writer and one reader.
  ///
  /// - Parameter capacity: The size of the ring in bytes, records' length words and padding included. It is rounded
  ///   up to a power of two, at least 64. A capacity that is not positive, or beyond 2^40, is a programmer's error
  ///   and traps.
  /// - Complexity: O(`capacity`): the memory is allocated, and touched once so that no later write faults.
  public static func spsc(capacity: Int) -> SPSCEnds {
    let ring = _RingHandle.create(capacity: capacity)
    return SPSCEnds(writer: SPSCWriter(adopting: ring), reader: LogReader(adopting: ring))
  }

  /// Makes a ring for any number of writers, cloned from the first, and one reader.
  ///
  /// - Parameter capacity: As for `spsc(capacity:)`.
  /// - Complexity: O(`capacity`).
  public static func mpsc(capacity: Int) -> MPSCEnds {
    let ring = _RingHandle.create(capacity: capacity)
    return MPSCEnds(writer: MPSCWriter(adopting: ring), reader: LogReader(adopting: ring))
  }

  /// The bytes of the ring that a record of `count` payload bytes takes: its length word, the payload, and padding
  /// to a multiple of eight. Sums of it are what `tryClaimBatch(space:)` is asked for.
  ///
  /// - Complexity: O(1).
  @inlinable
  public static func space(for count: Int) -> Int {
    precondition(count > 0, "a record has at least one byte")
    return _Record.extent(of: count)
  }
}

/// Why a claim was refused. The reasons are looked for in the order `tooLarge`, `closed`, `full`.
@frozen
public enum ClaimError: Error, Equatable {
  /// There is no room now. There will be once the reader has given back enough of what it holds.
  case full
  /// The reader is gone, and with it the sense of writing.
  case closed
  /// The request exceeds `limit` and could never be met. In the unit of the request: payload bytes for one record,
  /// bytes of the ring for a batch.
  case tooLarge(limit: Int)
}
