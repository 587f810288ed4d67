// How a task reaches the world of its runtime.

/// Calls `body` with the world of the runtime the caller's task belongs to.
///
/// Synchronous: nothing of the world can be held over a suspension. Traps outside a runtime, and on re-entry.
///
/// - Complexity: O(1), about a ns.
@inlinable
public func withWorld<Result: ~Copyable, Failure: Error>(
  _ body: (inout World) throws(Failure) -> Result
) throws(Failure) -> Result {
  let loop = unsafe LoopState.current(for: "withWorld")
  require(
    unsafe !loop.pointee.worldIsLent,
    "NexusRT: withWorld was called inside withWorld: pass the world on that the outer closure was given")
  unsafe loop.pointee.worldIsLent = true
  defer { unsafe loop.pointee.worldIsLent = false }
  return try unsafe body(&loop.pointee.world)
}
