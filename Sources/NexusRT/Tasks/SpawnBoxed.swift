// Spawning from inside the runtime: a closure, and up to two values that are moved into the task.

/// Starts a task of this runtime.
///
/// The task runs on this thread, once the caller suspends, and may capture values that are not Sendable. Do not give
/// the closure a capture list: the compiler would then make it an ordinary nonisolated closure, which is slower;
/// move values in by argument instead (`spawnBoxed(tx) { tx in ... }`).
///
/// - Parameters:
///   - name: What the task is called where tasks are listed.
///   - isolation: The caller's; leave it out. It tells the compiler that what the closure captures belongs to the
///     runtime's tasks from now on: to send it to another thread as well is an error. A synchronous function that
///     is not isolated has none to tell, and there the compiler does not see that misuse.
/// - Returns: The task's handle; dropping it detaches the task.
/// - Complexity: O(1). Once the runtime has run as many tasks at a time before, nothing is allocated but what the
///   closure's captures need. Traps outside a runtime.
@discardableResult
@inlinable
public func spawnBoxed<Success: ~Copyable>(
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping () async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let block = unsafe loop.pointee.bodyPool.take(BodyLayout(Success.self, Void.self, Void.self))
  return unsafe TaskBody.spawn(in: block, .own, name, loop, body)
}

/// Starts a task of this runtime that a value is moved into: the task owns it, and drops it when its closure ends.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, Success: ~Copyable>(
  _ argument: consuming A,
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let block = unsafe loop.pointee.bodyPool.take(BodyLayout(Success.self, A.self, Void.self))
  return unsafe TaskBody.spawn(argument, in: block, .own, name, loop, body)
}

/// Starts a task of this runtime that two values are moved into.
///
/// As `spawnBoxed(_:)` otherwise.
@discardableResult
@inlinable
public func spawnBoxed<A: ~Copyable, B: ~Copyable, Success: ~Copyable>(
  _ first: consuming A, _ second: consuming B,
  name: StaticString? = nil,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
) -> JoinHandle<Success> {
  let loop = unsafe LoopState.current(for: "spawnBoxed")
  let block = unsafe loop.pointee.bodyPool.take(BodyLayout(Success.self, A.self, B.self))
  return unsafe TaskBody.spawn(first, second, in: block, .own, name, loop, body)
}
