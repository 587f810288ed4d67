// An element of a slab, as its owner holds it.

/// Owns one element of a slab: 8 bytes, which are moved and not copied.
///
/// Dropping a slot deinitialises its element and gives the place back to the slab, O(1), no allocation and no lock. The element
/// is at an address that does not change until then.
///
/// A slot may outlive its slab: the slab's memory goes with the last of its slots. It belongs to the thread of its slab, and
/// is not `Sendable`. Elements may own slots of their own slab: lists and trees without a reference count.
@frozen
@safe
public struct Slot<Element: ~Copyable>: ~Copyable {
  /// Nil once the element was taken, and then `self` is about to go. (`discard self` would say it better, but is not for
  /// generic fields.)
  @usableFromInline var element: UnsafeMutablePointer<Element>?
  @usableFromInline let anchor = DeinitAnchor()

  /// Initialises the element of a slot that was taken.
  @inlinable @inline(__always)
  init(_ slot: UnsafeMutableRawPointer, _ value: consuming Element) {
    // Sound: the place has the element's size and alignment, is not initialised, and is this slot's alone.
    let element = unsafe slot.bindMemory(to: Element.self, capacity: 1)
    unsafe element.initialize(to: value)
    unsafe self.element = unsafe element
  }

  /// Takes over an element that is initialised.
  @inlinable @inline(__always)
  init(owning slot: UnsafeMutableRawPointer) {
    // Sound: bound by the slot that initialised it.
    unsafe element = slot.assumingMemoryBound(to: Element.self)
  }

  @inlinable @inline(__always)
  deinit {
    guard let element = unsafe element else { return }
    unsafe SlabMemory(of: UnsafeMutableRawPointer(element)).requireThread()
    // The element first, and then its place: its deinit may use the slab, and drop other slots.
    unsafe element.deinitialize(count: 1)
    unsafe SlabMemory.give(back: UnsafeMutableRawPointer(element))
  }

  /// The element.
  ///
  /// - Complexity: O(1): one load or store through the slot.
  @inlinable
  public var value: Element {
    // Sound, both: initialised for as long as this slot is there; and an access to it is an access to the slot, which the
    // compiler keeps from being moved, dropped or changed meanwhile. (Addressors would do, but then the compiler takes
    // the slot for borrowed for ever.)
    @inline(__always) _read { yield unsafe element.unsafelyUnwrapped.pointee }
    @inline(__always) _modify { yield unsafe &element.unsafelyUnwrapped.pointee }
  }

  /// Moves the element out, and gives its place back to the slab.
  ///
  /// - Complexity: O(1), and what moving the element costs.
  @inlinable @inline(__always)
  public consuming func take() -> Element {
    let element = unsafe element.unsafelyUnwrapped
    unsafe self.element = nil
    unsafe SlabMemory(of: UnsafeMutableRawPointer(element)).requireThread()
    let value = unsafe element.move()
    unsafe SlabMemory.give(back: UnsafeMutableRawPointer(element))
    return value
  }

  /// Ends this slot without its element, whose owner the caller is from now on.
  @inlinable @inline(__always)
  consuming func detach() -> UnsafeMutableRawPointer {
    let element = unsafe element.unsafelyUnwrapped
    unsafe self.element = nil
    return UnsafeMutableRawPointer(element)
  }
}

@available(*, unavailable)
extension Slot: Sendable where Element: ~Copyable {}
