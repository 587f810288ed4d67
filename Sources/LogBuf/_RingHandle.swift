// The one home of unsafe code: a pointer to a ring's allocation and its mask. Every end, claim and batch holds a
// copy; none of them touches memory except through it. This file finds the words, makes the allocation and ends it.

public import Synchronization

/// Unowned access to a ring. It is valid as long as one end is alive, and every holder is an end or is bound to one
/// by `@_lifetime`: that makes the type safe to hold, and `base` good to follow wherever these files say `unsafe`
/// without a reason of their own.
@frozen
@usableFromInline
@safe
struct _RingHandle: BitwiseCopyable, @unchecked Sendable {
  /// The allocation, laid out as `_RingLayout` says. Fixed.
  @usableFromInline let base: UnsafeMutableRawPointer

  /// `capacity - 1`, where the capacity is a power of two in 64 ... 2^40. Fixed.
  @usableFromInline let mask: Int

  @inlinable @inline(__always)
  init(base: UnsafeMutableRawPointer, mask: Int) {
    unsafe self.base = unsafe base
    self.mask = mask
  }

  /// The bytes for records, length words and padding included.
  @inlinable @inline(__always)
  var capacity: Int { mask &+ 1 }

  /// The words of the allocation.

  /// Who is still there: 1 for the reader plus 2 for every writer, plus 2^32 for every keeper. Whoever takes it to 0 frees
  /// the allocation.
  /// Written when an end is cloned or dropped, read on every claim.
  @inlinable @inline(__always)
  var ends: UnsafeMutablePointer<Atomic<Int>> {
    unsafe (base + _RingLayout.endsOffset).assumingMemoryBound(to: Atomic<Int>.self)
  }

  /// The first byte no writer has claimed, in head ... head + capacity. Only writers move it. It carries no
  /// synchronisation, so all its accesses are relaxed: bytes pass from the reader to writers through `head`, and
  /// from writers to the reader through length words.
  @inlinable @inline(__always)
  var tail: UnsafeMutablePointer<Atomic<_Position>> {
    unsafe (base + _RingLayout.tailOffset).assumingMemoryBound(to: Atomic<_Position>.self)
  }

  /// The first byte the reader has not given back. Only the reader moves it, with a releasing store behind its
  /// zeroing of the bytes; it pairs with the acquiring load in `hasFreed`, `hasRoom` and nowhere else.
  @inlinable @inline(__always)
  var head: UnsafeMutablePointer<Atomic<_Position>> {
    unsafe (base + _RingLayout.headOffset).assumingMemoryBound(to: Atomic<_Position>.self)
  }

  /// The memory of the record at `position`.
  @inlinable @inline(__always)
  func record(at position: _Position) -> UnsafeMutableRawPointer {
    // The mask keeps the offset inside the records.
    unsafe base + (_RingLayout.recordsOffset &+ (position.rawValue & mask))
  }

  /// The length word of the record that starts at `record`.
  ///
  /// The address is a multiple of eight, and all simultaneous accesses to it are atomic: writers store it once, the
  /// reader loads it, and it is zeroed and written over as plain memory only while it belongs to one side.
  @inlinable @inline(__always)
  static func lengthWord(of record: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe record.assumingMemoryBound(to: Atomic<Int>.self)
  }
}

extension _RingHandle {
  /// Allocates a ring with one writer and one reader, all of it zero.
  static func create(capacity: Int) -> _RingHandle {
    let capacity = _RingLayout.roundedCapacity(capacity)
    let byteCount = _RingLayout.recordsOffset + capacity
    let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: _RingLayout.lineBytes)
    // Fresh memory of exactly this size; zero is also the empty state of every word but `ends`.
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    let ring = unsafe _RingHandle(base: base, mask: capacity - 1)
    unsafe ring.ends.pointee.store(readerShare + writerShare, ordering: .relaxed)
    ring._checkInvariants()
    return ring
  }

  /// Frees the allocation. Called by the end that was the last to leave.
  func destroy() {
    _checkInvariants()
    unsafe base.deallocate()
  }
}
