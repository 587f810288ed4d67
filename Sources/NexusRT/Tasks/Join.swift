// Several operations at once, which all count.

/// Runs the bodies as tasks of their own and returns the values of all. If one throws the others are cancelled. All have
/// ended when this returns, and a value that is not returned is dropped.
///
/// Cancelling the caller, or a scope or time limit around it, cancels all bodies. If they succeed nevertheless their values
/// are returned.
///
/// - Throws: The first error that a body threw.
/// - Complexity: That of spawning and joining the bodies; no allocation but for their captures.
///
/// Traps outside a task of a runtime.
@inlinable
nonisolated(nonsending) public func join<A, B>(
  _ first: nonisolated(nonsending) @escaping () async throws -> A,
  _ second: nonisolated(nonsending) @escaping () async throws -> B
) async throws -> (A, B) {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  if let error = unsafe await BodyGroup(a.body, b.body).join() { throw error }
  return (try a.taken(), try b.taken())
}

/// As `join(_:_:)`, with three bodies.
@inlinable
nonisolated(nonsending) public func join<A, B, C>(
  _ first: nonisolated(nonsending) @escaping () async throws -> A,
  _ second: nonisolated(nonsending) @escaping () async throws -> B,
  _ third: nonisolated(nonsending) @escaping () async throws -> C
) async throws -> (A, B, C) {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  let c = spawnBoxed(third)
  if let error = unsafe await BodyGroup(a.body, b.body, c.body).join() { throw error }
  return (try a.taken(), try b.taken(), try c.taken())
}

/// As `join(_:_:)`, with four bodies.
@inlinable
nonisolated(nonsending) public func join<A, B, C, D>(
  _ first: nonisolated(nonsending) @escaping () async throws -> A,
  _ second: nonisolated(nonsending) @escaping () async throws -> B,
  _ third: nonisolated(nonsending) @escaping () async throws -> C,
  _ fourth: nonisolated(nonsending) @escaping () async throws -> D
) async throws -> (A, B, C, D) {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  let c = spawnBoxed(third)
  let d = spawnBoxed(fourth)
  if let error = unsafe await BodyGroup(a.body, b.body, c.body, d.body).join() { throw error }
  return (try a.taken(), try b.taken(), try c.taken(), try d.taken())
}
