// A place of a slab that was taken before there is an element for it.

/// A place for one element. Write it, or drop the claim and the place goes back to its slab.
///
/// Whether there is a place is known before the element is made. A claim counts as an element does, may be kept for as long as
/// one likes, and belongs to the thread of its slab.
@frozen
@safe
public struct SlabClaim<Element: ~Copyable>: ~Copyable {
  /// Nil once it was written.
  @usableFromInline var place: UnsafeMutableRawPointer?
  @usableFromInline let anchor = DeinitAnchor()

  @inlinable @inline(__always)
  init(_ place: UnsafeMutableRawPointer) { unsafe self.place = unsafe place }

  @inlinable @inline(__always)
  deinit {
    guard let place = unsafe place else { return }
    unsafe SlabMemory(of: place).requireThread()
    unsafe SlabMemory.give(back: place)
  }

  /// Moves the element into the place.
  ///
  /// - Complexity: O(1), and what moving the element costs.
  @inlinable @inline(__always)
  public consuming func write(_ value: consuming Element) -> Slot<Element> {
    let place = unsafe place.unsafelyUnwrapped
    unsafe self.place = nil
    return unsafe Slot(place, value)
  }
}

@available(*, unavailable)
extension SlabClaim: Sendable where Element: ~Copyable {}

/// What became of an element that was to be inserted.
@frozen
public enum Insertion<Element: ~Copyable>: ~Copyable {
  /// It is in the slab.
  case inserted(Slot<Element>)
  /// There is no free slot, and the slab does not grow: here it is again.
  case full(Element)
}

@available(*, unavailable)
extension Insertion: Sendable where Element: ~Copyable {}
