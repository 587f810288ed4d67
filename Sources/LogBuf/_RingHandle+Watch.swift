// The words that change when there is news for an end, for wrappers whose ends wait: who waits looks at a word until it is
// no longer what it was. As plain numbers, since that is all a waiting loop needs to know of them.

public import Synchronization

extension _RingHandle {
  /// The length word of the record under the head: 0 until something is committed there. The reader's alone to ask
  /// for, and the right word until the reader moves the head.
  @inlinable
  var nextLengthWord: UnsafePointer<Atomic<UInt64>> { unsafe Self.watched(record(at: readPosition)) }

  /// The head: changes whenever room is given back.
  @inlinable
  var headWord: UnsafePointer<Atomic<UInt64>> { unsafe Self.watched(base + _RingLayout.headOffset) }

  /// Who is still there: changes whenever an end comes or goes.
  @inlinable
  var endsWord: UnsafePointer<Atomic<UInt64>> { unsafe Self.watched(base + _RingLayout.endsOffset) }

  /// The same eight bytes that others access as `Atomic<Int>` or `Atomic<_Position>`, which are bound by nobody.
  @inlinable
  static func watched(_ word: UnsafeMutableRawPointer) -> UnsafePointer<Atomic<UInt64>> {
    unsafe UnsafePointer(word.assumingMemoryBound(to: Atomic<UInt64>.self))
  }
}

extension LogReader {
  /// For wrappers: the word that is 0 until the next record, or a skip, is committed. It is the right one until the reader
  /// is used again, and may be looked at while the reader is alive.
  @unsafe
  @inlinable
  public var _nextLengthWord: UnsafePointer<Atomic<UInt64>> { unsafe ring.nextLengthWord }

  /// For wrappers: the word that changes when a writer comes or goes. It may be looked at while the reader is alive.
  @unsafe
  @inlinable
  public var _endsWord: UnsafePointer<Atomic<UInt64>> { unsafe ring.endsWord }
}

extension SPSCWriter {
  /// For wrappers: the word that changes when room is given back. It may be looked at while the writer is alive.
  @unsafe
  @inlinable
  public var _headWord: UnsafePointer<Atomic<UInt64>> { unsafe ring.headWord }
}

extension MPSCWriter {
  /// As `SPSCWriter._headWord`.
  @unsafe
  @inlinable
  public var _headWord: UnsafePointer<Atomic<UInt64>> { unsafe ring.headWord }
}
