// Where a handler's resources are: a block of addresses, and the proof that they may be used.

/// A pointer to a block of memory: the stamp of the world it belongs to, who made it, and up to eight addresses.
///
/// Sound: an address is used only after `check` found that the world at hand, which the caller has exclusive access to, is the
/// one the addresses are of: so it is alive, and nobody else uses its values. Stamps are never given out twice. The block itself
/// lives as long as a handler has it, also when the world is gone, so that the check can be made. A cell's memory lives as long as
/// its world. That of a handler's own context lives as long as the handler, and is not used twice at a time because the world is
/// there once.
@usableFromInline
@safe struct Places {
  @usableFromInline let base: UnsafeMutableRawPointer

  @usableFromInline
  @safe struct Header {
    /// The world's stamp when there is nothing to look at but the addresses; 0 if there always is more.
    @usableFromInline let key: UInt
    @usableFromInline let worldID: UInt
    @usableFromInline let count: Int
    /// Lives as long as the handler.
    @usableFromInline let resolution: Unmanaged<Resolution>
  }

  /// Of a handler that has no resources of its own. Never written again.
  @usableFromInline
  nonisolated(unsafe) static let none: Places = {
    let places = Places(count: 0)
    unsafe places.base.storeBytes(of: anyWorld, as: UInt.self)
    return places
  }()

  @inlinable
  init(_ base: UnsafeMutableRawPointer) { unsafe self.base = base }

  init(count: Int) {
    unsafe base = .allocate(
      byteCount: Self.byteCount(count), alignment: MemoryLayout<Header>.alignment)
  }

  /// How much memory a block with so many addresses takes.
  @inlinable
  static func byteCount(_ count: Int) -> Int {
    unsafe MemoryLayout<Header>.stride + count * MemoryLayout<UnsafeMutableRawPointer?>.stride
  }

  func free() { unsafe base.deallocate() }

  @inlinable
  func setHeader(_ header: Header) {
    unsafe base.bindMemory(to: Header.self, capacity: 1).initialize(to: header)
  }

  @inlinable
  func set(_ index: Int, _ address: UnsafeMutableRawPointer?) {
    unsafe (addresses + index * MemoryLayout<UnsafeMutableRawPointer?>.stride)
      .bindMemory(to: UnsafeMutableRawPointer?.self, capacity: 1).initialize(to: address)
  }

  @inlinable
  var addresses: UnsafeMutableRawPointer {
    @inline(__always) get { unsafe base + MemoryLayout<Header>.stride }
  }

  @inlinable
  var header: UnsafeMutablePointer<Header> {
    @inline(__always) get { unsafe base.assumingMemoryBound(to: Header.self) }
  }

  @inlinable @inline(__always)
  func address(_ index: Int) -> UnsafeMutableRawPointer? {
    unsafe addresses.load(
      fromByteOffset: index * MemoryLayout<UnsafeMutableRawPointer?>.stride, as: UnsafeMutableRawPointer?.self
    )
  }

  /// The resource of the parameter with this index.
  @inlinable @inline(__always)
  func at<Value: ~Copyable>(_ index: Int, _ type: Value.Type) -> UnsafeMutablePointer<Value> {
    unsafe addresses.load(
      fromByteOffset: index * MemoryLayout<UnsafeMutableRawPointer>.stride, as: UnsafeMutableRawPointer.self
    ).assumingMemoryBound(to: Value.self)
  }

  // MARK: The check

  /// Proves that the addresses may be used while the caller has exclusive access to the world. Traps if not.
  @inlinable @inline(__always)
  func check(_ world: inout World) {
    let key = unsafe header.pointee.key
    if key != world.stamp && key != Self.anyWorld { enter(&world) }
  }

  @usableFromInline @inline(never)
  func enter(_ world: inout World) {
    require(
      unsafe header.pointee.worldID == world.store.id,
      "NexusRT: a handler was run with another world than the one it was made in: make one with that world's handler(owning:_:)"
    )
    unsafe header.pointee.resolution._withUnsafeGuaranteedRef { $0.enter(world.store) }
    world.stamp = world.store.stamp
  }

  /// The key of a handler that has no resources of its own. Smaller than any world's stamp.
  @inlinable
  static var anyWorld: UInt { 1 }
}
