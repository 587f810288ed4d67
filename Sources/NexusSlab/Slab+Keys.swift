// Elements that the slab owns, named by keys.
//
// Only the slab gives access to them, and changes need it exclusively; so the law of exclusivity for the slab is one for each of
// its elements. That is why an element has either a slot or a key, and why iteration does not see those with a slot.

extension Slab where Element: ~Copyable {
  /// Makes the slab the owner of a slot's element.
  ///
  /// - Parameter slot: Of this slab; that of another one traps.
  /// - Returns: The element's key from now on.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public mutating func keep(_ slot: consuming Slot<Element>) -> SlabKey<Element> {
    let place = unsafe slot.detach()
    unsafe require(
      SlabMemory(of: place).block == memory.block,
      "NexusSlab: a slab was to keep an element of another one: keep it in the slab that it was inserted into"
    )
    return unsafe memory.keep(place)
  }

  /// Takes an element out of the slab's ownership; nil if the key is out of date. Drop the slot and the element goes, or `take`
  /// it, or go on with the slot.
  ///
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public mutating func remove(_ key: SlabKey<Element>) -> Slot<Element>? {
    guard let slot = unsafe memory.slot(of: key) else { return nil }
    unsafe memory.unkeep(slot, key.index)
    return unsafe Slot(owning: slot)
  }

  /// Whether the key's element is there. O(1).
  @inlinable @inline(__always)
  public func contains(_ key: SlabKey<Element>) -> Bool { unsafe memory.slot(of: key) != nil }

  /// Calls `body` with a key's element, to look at it; nil, without a call, if the key is out of date.
  ///
  /// - Throws: What `body` throws.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public func withValue<Result: ~Copyable, Failure: Error>(
    of key: SlabKey<Element>, _ body: (borrowing Element) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let slot = unsafe memory.slot(of: key) else { return nil }
    // Sound: the slab keeps the element, and is borrowed until `body` returns: nobody can change or remove it meanwhile.
    return try unsafe body(slot.assumingMemoryBound(to: Element.self).pointee)
  }

  /// Calls `body` with a key's element, to change it; nil, without a call, if the key is out of date.
  ///
  /// - Throws: What `body` throws. The element is as `body` left it.
  /// - Complexity: O(1).
  @inlinable @inline(__always)
  public mutating func update<Result: ~Copyable, Failure: Error>(
    _ key: SlabKey<Element>, _ body: (inout Element) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let slot = unsafe memory.slot(of: key) else { return nil }
    // Sound: the slab keeps the element, and is this call's alone until `body` returns.
    return try unsafe body(&slot.assumingMemoryBound(to: Element.self).pointee)
  }

  // MARK: All of them

  /// Elements that the slab keeps: those that have a key. O(1).
  @inlinable
  public var keptCount: Int { unsafe memory.block.pointee.kept }

  /// Calls `body` with each element that the slab keeps, in no order that could be relied on. What `body` inserts is not seen.
  ///
  /// - Throws: What `body` throws, which ends the iteration.
  /// - Complexity: O(`capacity`).
  @inlinable
  public func forEach<Failure: Error>(
    _ body: (SlabKey<Element>, borrowing Element) throws(Failure) -> Void
  ) throws(Failure) {
    var index = 0
    while let (key, slot) = unsafe nextKept(&index) {
      try unsafe body(key, slot.assumingMemoryBound(to: Element.self).pointee)
    }
  }

  /// As `forEach`, to change the elements.
  @inlinable
  public mutating func updateEach<Failure: Error>(
    _ body: (SlabKey<Element>, inout Element) throws(Failure) -> Void
  ) throws(Failure) {
    var index = 0
    while let (key, slot) = unsafe nextKept(&index) {
      try unsafe body(key, &slot.assumingMemoryBound(to: Element.self).pointee)
    }
  }

  /// Removes and deinitialises all elements that the slab keeps. O(`capacity`).
  @inlinable
  public mutating func removeAll() { removeAllKept() }

  // Borrows the slab, for its deinit; whoever calls it has the slab to itself.
  @inlinable
  func removeAllKept() {
    var index = 0
    while let (key, slot) = unsafe nextKept(&index) {
      // Out of the books before its deinit runs.
      unsafe memory.unkeep(slot, key.index)
      _ = unsafe Slot<Element>(owning: slot)
    }
  }

  /// The first element from `index` on that the slab keeps, and moves `index` behind it.
  @inlinable
  func nextKept(_ index: inout Int) -> (SlabKey<Element>, UnsafeMutableRawPointer)? {
    let layout = SlotLayout(of: Element.self)
    while index < memory.capacity {
      let slot = unsafe memory.slot(index, layout)
      let mark = unsafe SlabMemory.mark(of: slot).pointee
      index += 1
      guard mark & SlabBlock.serialBit != 0 else { continue }
      return unsafe (SlabKey(index: index - 1, serial: mark), slot)
    }
    return nil
  }
}
