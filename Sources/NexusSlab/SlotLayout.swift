// How a slot lies in memory.

/// Where things are in a slot: two words of header, then the element.
///
///     +0          address of the slab's block
///     +8          the slot's index; or, while the slab keeps the element for a key, that key's serial
///     +16         the element, while there is one; in a free slot, the address of the next free one
///
/// The header lies directly in front of the element, and what stands for a slot everywhere is the address of its element.
@frozen
@usableFromInline
struct SlotLayout: Equatable {
  /// From the slot's start to its element: the header, and what alignment asks for in front of it.
  @usableFromInline let elementOffset: Int
  /// From one slot to the next.
  @usableFromInline let stride: Int
  @usableFromInline let alignment: Int

  @inlinable static var headerBytes: Int { 16 }

  /// - Parameters:
  ///   - bytes: What an element takes at most.
  ///   - alignment: A power of two.
  @inlinable @inline(__always)
  init(bytes: Int, alignment wanted: Int) {
    // A free slot holds a pointer.
    let alignment = max(wanted, 8)
    self.alignment = alignment
    elementOffset = SlotLayout.roundUp(SlotLayout.headerBytes, to: alignment)
    stride = SlotLayout.roundUp(elementOffset &+ max(bytes, 8), to: alignment)
  }

  /// Slots for elements of one type.
  @inlinable @inline(__always)
  init<Element: ~Copyable>(of type: Element.Type) {
    self.init(bytes: MemoryLayout<Element>.size, alignment: MemoryLayout<Element>.alignment)
  }

  @inlinable @inline(__always)
  static func roundUp(_ bytes: Int, to alignment: Int) -> Int {
    (bytes &+ alignment &- 1) & ~(alignment &- 1)
  }
}
