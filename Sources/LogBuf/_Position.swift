// A place in the endless sequence of bytes that passes through a ring. It is a type of its own so that it is not
// taken for an offset into memory: only the handle, which knows the mask, turns one into the other.

public import Synchronization

/// A free-running byte position, always a multiple of eight.
///
/// It starts at zero and would need centuries to overflow; arithmetic wraps all the same, and two positions are
/// compared by their distance, which is right as long as they are less than 2^63 bytes apart.
@frozen
@usableFromInline
struct _Position: RawRepresentable, Equatable, AtomicRepresentable, BitwiseCopyable, Sendable {
  /// Bytes since the ring was made.
  @usableFromInline var rawValue: Int

  @inlinable @inline(__always)
  init(rawValue: Int) { self.rawValue = rawValue }

  /// The position `extent` bytes further on.
  @inlinable @inline(__always)
  func advanced(by extent: Int) -> _Position { _Position(rawValue: rawValue &+ extent) }

  /// How many bytes this position lies behind `end`; negative when it is the later one.
  @inlinable @inline(__always)
  func distance(to end: _Position) -> Int { end.rawValue &- rawValue }
}
