// A place of the slab that was taken before there is a task for it: backpressure on spawning.

/// A place for one task. Spawn into it, or drop it and it goes back to the slab. Belongs to the runtime's thread, and is not to
/// outlive the runtime.
@frozen
@safe
public struct SlotClaim: ~Copyable {
  @usableFromInline let block: UnsafeMutableRawPointer
  @usableFromInline let loop: LoopPointer

  @inlinable
  init(_ block: UnsafeMutableRawPointer, _ loop: LoopPointer) {
    unsafe self.block = unsafe block
    unsafe self.loop = unsafe loop
  }

  @inlinable
  deinit {
    require(
      isUsable, "NexusRT: a SlotClaim was dropped outside its runtime, or after that ended")
    unsafe loop.pointee.bodyPool.give(back: block, BodyPool.slabList)
  }

  /// Starts a task in this place, as `spawnSlab`.
  @discardableResult
  @inlinable
  public consuming func spawn<Success: ~Copyable>(
    name: StaticString? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> JoinHandle<Success> {
    let (block, loop) = unsafe use(BodyLayout(Success.self, Void.self, Void.self))
    return unsafe TaskBody.spawn(in: block, .slab, name, loop, body)
  }

  /// Starts a task in this place, that a value is moved into.
  @discardableResult
  @inlinable
  public consuming func spawn<A: ~Copyable, Success: ~Copyable>(
    _ argument: consuming A,
    name: StaticString? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
  ) -> JoinHandle<Success> {
    let (block, loop) = unsafe use(BodyLayout(Success.self, A.self, Void.self))
    return unsafe TaskBody.spawn(argument, in: block, .slab, name, loop, body)
  }

  /// Starts a task in this place, that two values are moved into.
  @discardableResult
  @inlinable
  public consuming func spawn<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
    _ first: consuming A, _ second: consuming B,
    name: StaticString? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
  ) -> JoinHandle<Success> {
    let (block, loop) = unsafe use(BodyLayout(Success.self, A.self, B.self))
    return unsafe TaskBody.spawn(first, second, in: block, .slab, name, loop, body)
  }

  /// What a place holds, in bytes.
  public var bytes: Int {
    require(isUsable, "NexusRT: a SlotClaim was used outside its runtime, or after that ended")
    return unsafe loop.pointee.bodyPool.slab!.size.bytesPerSlot
  }

  /// Whether its runtime is this thread's. The address alone does not say so: a later runtime's state may have it.
  @inlinable
  var isUsable: Bool {
    @inline(__always) get { unsafe LoopState.ofThisThread == loop && loop.pointee.bodyPool.owns(block) }
  }

  @inlinable @inline(__always)
  consuming func use(_ layout: BodyLayout) -> (UnsafeMutableRawPointer, LoopPointer) {
    require(isUsable, "NexusRT: a SlotClaim was used outside its runtime, or after that ended")
    let block = unsafe self.block
    let loop = unsafe self.loop
    unsafe SlotClaim.requireFit(layout, loop)
    discard self
    return unsafe (block, loop)
  }

  @inlinable @inline(__always)
  static func takeOrTrap(_ loop: LoopPointer, _ layout: BodyLayout) -> UnsafeMutableRawPointer {
    guard let block = unsafe loop.pointee.bodyPool.takeOfSlab() else { trapFull() }
    unsafe requireFit(layout, loop)
    return unsafe block
  }

  @inlinable @inline(__always)
  static func requireFit(_ layout: BodyLayout, _ loop: LoopPointer) {
    // The least a place holds; most tasks take no more, and then this folds away.
    if layout.size > SlabSize.least || layout.alignment > BodyPool.alignment { unsafe checkFit(layout, loop) }
  }

  @usableFromInline @inline(never)
  static func checkFit(_ layout: BodyLayout, _ loop: LoopPointer) {
    let bytes = unsafe loop.pointee.bodyPool.slab!.size.bytesPerSlot
    require(
      layout.size <= bytes && layout.alignment <= BodyPool.alignment,
      "NexusRT: a task of \(layout.size) bytes, aligned to \(layout.alignment), does not fit into a place of \(bytes): raise bytesPerSlot in Configuration.slab, or use spawnBoxed"
    )
  }

  @usableFromInline @inline(never)
  static func trapFull() -> Never {
    fatalError(
      "NexusRT: the slab is full: use trySpawnSlab or tryClaimSlot to be told, or raise Configuration.slab")
  }
}

@available(*, unavailable)
extension SlotClaim: Sendable {}
