// Spawning from inside the runtime. One heap allocation for the body and its result, besides the closure's own.

/// Starts a task of this runtime.
///
/// The task runs on this thread, once the caller suspends, and may capture values that are not Sendable. Do not give
/// the closure a capture list: the compiler would then make it an ordinary nonisolated closure, which is slower;
/// move values in by argument instead (`spawnBoxed(tx) { tx in ... }`).
///
/// - Returns: The task's handle; dropping it detaches the task.
/// - Complexity: O(1). Traps outside a runtime.
@discardableResult
@inlinable
public func spawnBoxed<Success: ~Copyable>(
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let body = ClosureBody(body)
  unsafe LoopState.start(body, loop)
  return JoinHandle(body)
}

/// Starts a task of this runtime that a value is moved into: the task owns it, and drops it when its closure ends.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, Success: ~Copyable>(
  _ argument: consuming A,
  _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let body = ClosureBody1(argument, body)
  unsafe LoopState.start(body, loop)
  return JoinHandle(body)
}

/// Starts a task of this runtime that two values are moved into.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
  _ first: consuming A, _ second: consuming B,
  _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let body = ClosureBody2(first, second, body)
  unsafe LoopState.start(body, loop)
  return JoinHandle(body)
}
