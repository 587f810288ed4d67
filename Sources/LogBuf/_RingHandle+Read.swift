// Reading: the length word under the head says what comes next. The reader never looks at the tail; a word that is
// not zero is all it needs to know. What it has read it zeroes, and then moves the head past it.

public import Synchronization

/// A committed record the reader has found and not given back.
@frozen
@usableFromInline
struct _Found: BitwiseCopyable {
  /// Where the record starts.
  @usableFromInline let position: _Position

  /// Its payload in bytes, in 1 ... largestRecord.
  @usableFromInline let count: Int

  @inlinable @inline(__always)
  init(position: _Position, count: Int) {
    self.position = position
    self.count = count
  }
}

extension _RingHandle {
  /// The reader's own position. Relaxed, because only the reader stores it.
  @inlinable @inline(__always)
  var readPosition: _Position { unsafe head.pointee.load(ordering: .relaxed) }

  /// Finds the next committed record at or behind `position`, zeroing the skips before it and moving `position`
  /// past them. Nil when the next record is not there or not committed yet.
  @inlinable @inline(__always)
  func nextRecord(from position: inout _Position) -> _Found? {
    while true {
      // Acquiring pairs with the releasing store in `publish`.
      let word = unsafe Self.lengthWord(of: record(at: position)).pointee.load(ordering: .acquiring)
      if word > 0 { return _Found(position: position, count: word) }
      if word == _Record.uncommitted { return nil }
      position = passSkip(at: position, extent: _Record.skipExtent(word))
    }
  }

  /// Finds the record under the head, and gives back the skips before it at once.
  @inlinable @inline(__always)
  func nextRecordGivingBackSkips() -> _Found? {
    let start = readPosition
    var position = start
    let found = nextRecord(from: &position)
    if position != start { giveBack(upTo: position) }
    return found
  }

  /// The payload's memory.
  @inlinable @inline(__always)
  func payload(of found: _Found) -> UnsafeRawBufferPointer {
    // A committed record has that many bytes behind its length word, and does not cross the ring's end.
    unsafe UnsafeRawBufferPointer(
      start: record(at: found.position) + _Record.payloadOffset, count: found.count)
  }

  /// Zeroes the record's region, which stays the reader's until the head has moved past it.
  ///
  /// - Returns: The position behind the record.
  @inlinable @inline(__always)
  func clear(_ found: _Found) -> _Position {
    let extent = _Record.extent(of: found.count)
    unsafe Self.zero(record(at: found.position), extent: extent)
    return found.position.advanced(by: extent)
  }

  /// Gives everything before `position` back to the writers. All of it has been zeroed.
  @inlinable @inline(__always)
  func giveBack(upTo position: _Position) {
    // Releasing pairs with the acquiring loads of `head`: a writer that sees the position sees the zeroes.
    unsafe head.pointee.store(position, ordering: .releasing)
  }

  /// Zeroes a skip. Out of line: skips are rare.
  @usableFromInline
  @inline(never)
  func passSkip(at position: _Position, extent: Int) -> _Position {
    // A dropped claim leaves what its owner wrote, so all of the skip is zeroed, not only its length word.
    unsafe Self.zero(record(at: position), extent: extent)
    return position.advanced(by: extent)
  }

  /// Zeroes `extent` bytes, a multiple of eight that is at least eight.
  ///
  /// Small regions are covered by stores from both ends that may overlap in the middle: a few instructions, where a
  /// call of `memset` with its dispatch costs more than the rest of a read together. No loop, since the optimiser
  /// would turn one back into that call.
  @inlinable @inline(__always)
  static func zero(_ start: UnsafeMutableRawPointer, extent: Int) {
    assert(extent >= 8 && extent % 8 == 0)
    // Every store below stays inside start ..< start + extent by the bound of its branch.
    let end = unsafe start + extent
    if extent > 128 {
      unsafe zeroLarge(start, extent: extent)
    } else if extent > 64 {
      unsafe zero64(start)
      unsafe zero64(end - 64)
    } else if extent > 32 {
      unsafe zero32(start)
      unsafe zero32(end - 32)
    } else if extent >= 16 {
      unsafe zero16(start)
      unsafe zero16(end - 16)
    } else {
      unsafe start.storeBytes(of: 0, as: UInt64.self)
    }
  }

  @inlinable @inline(__always)
  static func zero16(_ start: UnsafeMutableRawPointer) {
    unsafe start.storeBytes(of: .zero, as: SIMD2<UInt64>.self)
  }

  @inlinable @inline(__always)
  static func zero32(_ start: UnsafeMutableRawPointer) {
    unsafe zero16(start)
    unsafe zero16(start + 16)
  }

  @inlinable @inline(__always)
  static func zero64(_ start: UnsafeMutableRawPointer) {
    unsafe zero32(start)
    unsafe zero32(start + 32)
  }

  @usableFromInline
  @inline(never)
  static func zeroLarge(_ start: UnsafeMutableRawPointer, extent: Int) {
    unsafe start.initializeMemory(as: UInt64.self, repeating: 0, count: extent / 8)
  }
}
