// The name of an element that a slab keeps.

/// Names one element that a slab keeps. A plain value, to be copied and stored anywhere, and no promise: once the element is
/// removed its key finds nothing, for ever, whatever the slot is used for then.
///
/// 16 bytes: the slot's index, and a generation that no other key in the process has. So another slab's key finds nothing either.
@frozen
public struct SlabKey<Element: ~Copyable>: Hashable, BitwiseCopyable, Sendable {
  @usableFromInline let index: Int
  @usableFromInline let serial: UInt64

  @inlinable @inline(__always)
  init(index: Int, serial: UInt64) {
    self.index = index
    self.serial = serial
  }
}
