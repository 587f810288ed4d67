// Where a handler's resources are: a block of addresses, and the proof that they may be used.

/// A pointer to a block of memory: the stamp of the world it belongs to, who made it, and up to eight addresses.
///
/// Sound: an address is used only after `enter` found that the world at hand, which the caller has exclusive access to, is the
/// one the addresses are of: so it is alive, and nobody else uses its values. Stamps are never given out twice. A cell's
/// memory lives as long as its world. That of a handler's own context lives as long as the handler, and is not used twice at
/// a time because the world is there once.
@usableFromInline
@safe struct Places {
  @usableFromInline let base: UnsafeMutableRawPointer

  @usableFromInline
  @safe struct Header {
    /// The world's stamp when there is nothing to look at but the addresses; 0 if there always is more.
    @usableFromInline var key: UInt
    var worldID: UInt
    /// Lives as long as the world, or as the handler.
    var resolution: Unmanaged<Resolution>
  }

  /// Of a handler that has no resources. Never written.
  @usableFromInline
  nonisolated(unsafe) static let none = Places(count: 0)

  init(count: Int) {
    unsafe base = .allocate(
      byteCount: MemoryLayout<Header>.stride + count * MemoryLayout<UnsafeMutableRawPointer?>.stride,
      alignment: MemoryLayout<Header>.alignment)
  }

  func free() { unsafe base.deallocate() }

  func setHeader(key: UInt, worldID: UInt, resolution: Resolution) {
    unsafe base.bindMemory(to: Header.self, capacity: 1).initialize(
      to: Header(key: key, worldID: worldID, resolution: .passUnretained(resolution)))
  }

  func set(_ index: Int, _ address: UnsafeMutableRawPointer?) {
    unsafe addresses.advanced(by: index * MemoryLayout<UnsafeMutableRawPointer?>.stride)
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

  /// The resource of the parameter with this index.
  @inlinable @inline(__always)
  func at<Value: ~Copyable>(_ index: Int, _ type: Value.Type) -> UnsafeMutablePointer<Value> {
    unsafe addresses.load(
      fromByteOffset: index * MemoryLayout<UnsafeMutableRawPointer>.stride, as: UnsafeMutableRawPointer.self
    ).assumingMemoryBound(to: Value.self)
  }

  // MARK: The check

  /// Proves that the addresses may be used until `leave`, while the caller has exclusive access to the world. Traps if not.
  ///
  /// - Returns: Whether `leave` is wanted afterwards.
  @inlinable @inline(__always)
  func enter(_ world: borrowing World) -> Bool {
    if unsafe header.pointee.key == world.stamp { return false }
    return enterSlowly(world)
  }

  @usableFromInline @inline(never)
  func enterSlowly(_ world: borrowing World) -> Bool {
    require(
      unsafe header.pointee.worldID == world.store.id,
      "NexusRT: a handler was run with another world than the one it was made in: make one with that world's handler(_:)"
    )
    return unsafe header.pointee.resolution._withUnsafeGuaranteedRef { $0.enter() }
  }

  @usableFromInline @inline(never)
  func leave(_ world: inout World) {
    unsafe header.pointee.resolution._withUnsafeGuaranteedRef { $0.leave(world.store) }
    world.stamp = world.store.stamp
  }
}
