// Several operations at once, of which one counts.

/// Runs the bodies as tasks of their own, and returns the value or throws the error of the one that ends first. The others
/// are cancelled then, and have ended when this returns.
///
/// A body that is cancelled and succeeds nevertheless loses its value: the result is dropped. So do not race bodies that
/// take something out of a channel; select is made for that.
///
/// Cancelling the caller, or a scope or time limit around it, cancels all bodies. The first to end decides then too.
///
/// - Throws: What the first body to end threw.
/// - Complexity: That of spawning and joining the bodies; no allocation but for their captures.
///
/// Traps outside a task of a runtime.
@inlinable
nonisolated(nonsending) public func race<Success: ~Copyable>(
  _ first: nonisolated(nonsending) @escaping () async throws -> Success,
  _ second: nonisolated(nonsending) @escaping () async throws -> Success
) async throws -> Success {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  switch unsafe await BodyGroup(a.body, b.body).race() {
  case 0: return try a.taken()
  default: return try b.taken()
  }
}

/// As `race(_:_:)`, with three bodies.
@inlinable
nonisolated(nonsending) public func race<Success: ~Copyable>(
  _ first: nonisolated(nonsending) @escaping () async throws -> Success,
  _ second: nonisolated(nonsending) @escaping () async throws -> Success,
  _ third: nonisolated(nonsending) @escaping () async throws -> Success
) async throws -> Success {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  let c = spawnBoxed(third)
  switch unsafe await BodyGroup(a.body, b.body, c.body).race() {
  case 0: return try a.taken()
  case 1: return try b.taken()
  default: return try c.taken()
  }
}

/// As `race(_:_:)`, with four bodies.
@inlinable
nonisolated(nonsending) public func race<Success: ~Copyable>(
  _ first: nonisolated(nonsending) @escaping () async throws -> Success,
  _ second: nonisolated(nonsending) @escaping () async throws -> Success,
  _ third: nonisolated(nonsending) @escaping () async throws -> Success,
  _ fourth: nonisolated(nonsending) @escaping () async throws -> Success
) async throws -> Success {
  let a = spawnBoxed(first)
  let b = spawnBoxed(second)
  let c = spawnBoxed(third)
  let d = spawnBoxed(fourth)
  switch unsafe await BodyGroup(a.body, b.body, c.body, d.body).race() {
  case 0: return try a.taken()
  case 1: return try b.taken()
  case 2: return try c.taken()
  default: return try d.taken()
  }
}
