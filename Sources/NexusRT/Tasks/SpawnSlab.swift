// Spawning into the slab: places for tasks that were made in advance, of which there may be a limited number.

/// Starts a task in a place of this runtime's slab (`Configuration.slab`). Otherwise as `spawnBoxed`.
///
/// The place is taken until the task has ended and its handle is gone. What was moved in, captured and returned goes as with
/// `spawnBoxed`, and no place is lost however a task ends.
///
/// - Complexity: O(1). Nothing is allocated but what the closure's captures need, from the first task on, unless the slab grows.
///
/// Traps where the slab is full and does not grow: use `trySpawnSlab`, or `tryClaimSlot` to know before; where the runtime has no
/// slab; where the task's closure, arguments and result do not fit into a place; and outside a runtime.
@discardableResult
@inlinable
public func spawnSlab<Success: ~Copyable>(
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnSlab")
  let block = unsafe SlotClaim.takeOrTrap(loop, BodyLayout(Success.self, Void.self, Void.self))
  return unsafe TaskBody.spawn(in: block, .slab, name, loop, body)
}

/// Starts a task in a place of the slab, that a value is moved into. As `spawnSlab(_:)` otherwise.
@discardableResult
@inlinable
public func spawnSlab<A: ~Copyable, Success: ~Copyable>(
  _ argument: consuming A,
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnSlab")
  let block = unsafe SlotClaim.takeOrTrap(loop, BodyLayout(Success.self, A.self, Void.self))
  return unsafe TaskBody.spawn(argument, in: block, .slab, name, loop, body)
}

/// Starts a task in a place of the slab, that two values are moved into. As `spawnSlab(_:)` otherwise.
@discardableResult
@inlinable
public func spawnSlab<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
  _ first: consuming A, _ second: consuming B,
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnSlab")
  let block = unsafe SlotClaim.takeOrTrap(loop, BodyLayout(Success.self, A.self, B.self))
  return unsafe TaskBody.spawn(first, second, in: block, .slab, name, loop, body)
}

/// As `spawnSlab`, where a full slab is an error. To move values in, claim a place first: then nothing is moved for nothing.
///
/// - Throws: `SlabError.full`. The closure has not run then, and is gone.
@discardableResult
@inlinable
public func trySpawnSlab<Success: ~Copyable>(
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) throws(SlabError) -> JoinHandle<Success> {
  guard let claim = tryClaimSlot() else { throw .full }
  return claim.spawn(name: name, body)
}

/// A place of this runtime's slab for a task to come; nil if all are taken and the slab does not grow.
///
/// Dropped unused, it goes back. O(1). Traps where the runtime has no slab, and outside a runtime.
@inlinable
public func tryClaimSlot() -> SlotClaim? {
  let loop = unsafe LoopState.current(for: "tryClaimSlot")
  guard let block = unsafe loop.pointee.bodyPool.takeOfSlab() else { return nil }
  return unsafe SlotClaim(block, loop)
}
