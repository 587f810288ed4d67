// A pool of objects of one type.

/// Elements of one type in memory that is made in advance: at addresses that do not change, without an allocation for each.
///
/// An element has one owner. As a rule that is its `Slot`, which `insert` returns: 8 bytes that are moved around, and that
/// free the element when they go. Where several places are to name an element, `keep` makes the slab its owner, and
/// gives a `SlabKey` that can be copied and may be out of date.
///
/// A slab belongs to the thread that makes it, with all of its slots: it is not `Sendable`, and what the compiler does not see
/// traps. Inserting and taking does not need the slab to be `var`; changing or removing elements by key does, so that nobody
/// else is looking at one of them.
///
/// A slab that goes deinitialises the elements that it keeps. Those that slots own stay with their slots.
@frozen
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
  @usableFromInline let memory: SlabMemory
  @usableFromInline let anchor = DeinitAnchor()

  /// A slab of `capacity` slots, which never grows. Its memory is allocated and written to here.
  ///
  /// - Parameter capacity: From 1 to 2^31; anything else traps.
  /// - Complexity: O(`capacity`).
  @inlinable
  public init(capacity: Int) {
    memory = SlabMemory(layout: SlotLayout(of: Element.self), slots: capacity, grows: false)
  }

  /// A slab that is never full: when all slots are taken it allocates a chunk of that many more. Elements stay where they are.
  ///
  /// - Parameter slots: Rounded up to a power of two. The first chunk is allocated here. From 1 to 2^31; anything else traps.
  /// - Complexity: O(`slots`), here and whenever the slab grows.
  @inlinable
  public init(growingBy slots: Int) {
    memory = SlabMemory(layout: SlotLayout(of: Element.self), slots: slots, grows: true)
  }

  @inlinable
  deinit {
    memory.requireThread()
    if unsafe memory.block.pointee.kept > 0 { removeAllKept() }
    memory.release()
  }

  // MARK: Inserting

  /// Moves an element into a free slot. Traps if there is none and the slab does not grow.
  ///
  /// - Complexity: O(1); no allocation, lock or system call while a slot is free.
  @inlinable @inline(__always)
  public func insert(_ value: consuming Element) -> Slot<Element> {
    guard let slot = unsafe memory.take() else { trapFull() }
    return unsafe Slot(slot, value)
  }

  /// As `insert`, and gives the element back if there is no free slot and the slab does not grow.
  @inlinable @inline(__always)
  public func tryInsert(_ value: consuming Element) -> Insertion<Element> {
    guard let slot = unsafe memory.take() else { return .full(value) }
    return unsafe .inserted(Slot(slot, value))
  }

  /// A slot for an element that is not there yet. Traps if none is free and the slab does not grow.
  ///
  /// - Complexity: As `insert`.
  @inlinable @inline(__always)
  public func claim() -> SlabClaim<Element> {
    guard let slot = unsafe memory.take() else { trapFull() }
    return unsafe SlabClaim(slot)
  }

  /// As `claim`; nil if no slot is free and the slab does not grow.
  @inlinable @inline(__always)
  public func tryClaim() -> SlabClaim<Element>? {
    guard let slot = unsafe memory.take() else { return nil }
    return unsafe SlabClaim(slot)
  }

  // MARK: Asking

  /// Slots in use: elements that slots own, elements that the slab keeps, and claims. O(1).
  @inlinable
  public var count: Int { memory.used }

  /// Slots that there are. It grows only if the slab was made to. O(1).
  @inlinable
  public var capacity: Int { memory.capacity }

  @usableFromInline @inline(never)
  func trapFull() -> Never {
    fatalError(
      "NexusSlab: all \(capacity) slots of the slab are in use: use tryInsert or tryClaim to be told, or make it larger or with Slab(growingBy:)"
    )
  }
}

@available(*, unavailable)
extension Slab: Sendable where Element: ~Copyable {}
