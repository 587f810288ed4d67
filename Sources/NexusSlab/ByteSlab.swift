// A pool of places of one size, for objects of different types.

/// Places of a fixed number of bytes, for elements of whatever types fit: messages of several kinds, say.
///
/// As `Slab` in everything that is about slots and claims: each element is owned by a `Slot` of its own type. A slab
/// of bytes does not know its elements' types, so it keeps none itself: there are no keys and no iteration.
@frozen
@safe
public struct ByteSlab: ~Copyable {
  @usableFromInline let memory: SlabMemory

  /// A slab of `capacity` slots, which never grows. Its memory is allocated and written to here.
  ///
  /// - Parameters:
  ///   - bytesPerSlot: The largest element's size, at least 1; anything less traps.
  ///   - alignment: The strictest element's, a power of two of 4096 at most; anything else traps.
  ///   - capacity: From 1 to 2^31; anything else traps.
  /// - Complexity: O(`capacity`).
  public init(bytesPerSlot: Int, alignment: Int = 16, capacity: Int) {
    memory = SlabMemory(layout: ByteSlab.layout(bytesPerSlot, alignment), slots: capacity, grows: false)
  }

  /// A slab that is never full: when all slots are taken it allocates a chunk of that many more. Elements stay where they are.
  ///
  /// - Parameters:
  ///   - bytesPerSlot: The largest element's size, at least 1; anything less traps.
  ///   - alignment: The strictest element's, a power of two of 4096 at most; anything else traps.
  ///   - slots: Rounded up to a power of two. The first chunk is allocated here. From 1 to 2^31; anything else traps.
  /// - Complexity: O(`slots`), here and whenever the slab grows.
  public init(bytesPerSlot: Int, alignment: Int = 16, growingBy slots: Int) {
    memory = SlabMemory(layout: ByteSlab.layout(bytesPerSlot, alignment), slots: slots, grows: true)
  }

  private static func layout(_ bytes: Int, _ alignment: Int) -> SlotLayout {
    require(
      bytes > 0 && bytes <= 1 << 40, "NexusSlab: a slot has from 1 to 2^40 bytes, not \(bytes)")
    require(
      alignment > 0 && alignment <= 4096 && alignment & (alignment - 1) == 0,
      "NexusSlab: an alignment is a power of two of 4096 at most, not \(alignment)")
    return SlotLayout(bytes: bytes, alignment: alignment)
  }

  @inlinable
  deinit {
    memory.requireThread()
    memory.release()
  }

  // MARK: Inserting

  /// Moves an element of any type into a free slot. Traps if it does not fit, or if no slot is free and the slab does not grow.
  ///
  /// - Complexity: O(1); no allocation, lock or system call while a slot is free.
  @inlinable @inline(__always)
  public func insert<Element: ~Copyable>(_ value: consuming Element) -> Slot<Element> {
    memory.requireFit(Element.self)
    guard let slot = unsafe memory.take() else { trapFull() }
    return unsafe Slot(slot, value)
  }

  /// As `insert`, and gives the element back if no slot is free and the slab does not grow. Traps if it does not fit.
  @inlinable @inline(__always)
  public func tryInsert<Element: ~Copyable>(_ value: consuming Element) -> Insertion<Element> {
    memory.requireFit(Element.self)
    guard let slot = unsafe memory.take() else { return .full(value) }
    return unsafe .inserted(Slot(slot, value))
  }

  /// A slot for an element that is not there yet, of a type that is not known yet. Traps if none is free and the slab does not
  /// grow.
  ///
  /// - Complexity: As `insert`.
  @inlinable @inline(__always)
  public func claim() -> ByteSlabClaim {
    guard let slot = unsafe memory.take() else { trapFull() }
    return unsafe ByteSlabClaim(slot)
  }

  /// As `claim`; nil if no slot is free and the slab does not grow.
  @inlinable @inline(__always)
  public func tryClaim() -> ByteSlabClaim? {
    guard let slot = unsafe memory.take() else { return nil }
    return unsafe ByteSlabClaim(slot)
  }

  // MARK: Asking

  /// Whether elements of a type fit into a slot. O(1).
  @inlinable @inline(__always)
  public func fits<Element: ~Copyable>(_ type: Element.Type) -> Bool { memory.fits(type) }

  /// What a slot holds, in bytes: what was asked for, rounded up to what alignment leaves anyway. O(1).
  @inlinable
  public var bytesPerSlot: Int { memory.bytesPerSlot }

  /// Slots in use, claims among them. O(1).
  @inlinable
  public var count: Int { memory.used }

  /// Slots that there are. It grows only if the slab was made to. O(1).
  @inlinable
  public var capacity: Int { memory.capacity }

  @usableFromInline @inline(never)
  func trapFull() -> Never {
    fatalError(
      "NexusSlab: all \(capacity) slots of the byte slab are in use: use tryInsert or tryClaim to be told, or make it larger or with ByteSlab(bytesPerSlot:growingBy:)"
    )
  }
}

@available(*, unavailable)
extension ByteSlab: Sendable {}

/// A place for one element of any type that fits. Write it, or drop the claim and the place goes back to its slab.
@frozen
@safe
public struct ByteSlabClaim: ~Copyable {
  @usableFromInline let place: UnsafeMutableRawPointer

  @inlinable @inline(__always)
  init(_ place: UnsafeMutableRawPointer) { unsafe self.place = unsafe place }

  @inlinable @inline(__always)
  deinit {
    unsafe SlabMemory(of: place).requireThread()
    unsafe SlabMemory.give(back: place)
  }

  /// Moves an element into the place. Traps if it does not fit.
  ///
  /// - Complexity: O(1), and what moving the element costs.
  @inlinable @inline(__always)
  public consuming func write<Element: ~Copyable>(_ value: consuming Element) -> Slot<Element> {
    unsafe SlabMemory(of: place).requireFit(Element.self)
    let place = unsafe place
    discard self
    return unsafe Slot(place, value)
  }
}

@available(*, unavailable)
extension ByteSlabClaim: Sendable {}

extension SlabMemory {
  /// What a slot holds, in bytes.
  @inlinable
  var bytesPerSlot: Int { unsafe block.pointee.layout.stride &- block.pointee.layout.elementOffset }

  @inlinable @inline(__always)
  func fits<Element: ~Copyable>(_ type: Element.Type) -> Bool {
    unsafe MemoryLayout<Element>.size <= bytesPerSlot
      && MemoryLayout<Element>.alignment <= block.pointee.layout.alignment
  }

  @inlinable @inline(__always)
  func requireFit<Element: ~Copyable>(_ type: Element.Type) {
    if !fits(type) { trapMisfit(type) }
  }

  @usableFromInline @inline(never)
  func trapMisfit<Element: ~Copyable>(_ type: Element.Type) -> Never {
    // The name of what may be noncopyable, by way of a type that is not.
    let name = String(describing: SlabKey<Element>.self).dropFirst("SlabKey<".count).dropLast()
    let (size, alignment) = (MemoryLayout<Element>.size, MemoryLayout<Element>.alignment)
    fatalError(
      "NexusSlab: \(name) takes \(size) bytes, aligned to \(alignment); a slot of this slab has \(bytesPerSlot), aligned to \(unsafe block.pointee.layout.alignment): make the slab with larger ones"
    )
  }
}
