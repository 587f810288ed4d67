// A part of a task that can be cancelled by hand.

/// A handle on a scope that `withCancelScope` began: a number that may be copied and kept, by tasks of the same runtime.
/// Once the scope is over it does nothing.
@frozen
public struct CancelScope {
  @usableFromInline let index: UInt32
  @usableFromInline let serial: UInt64

  @usableFromInline
  init(_ scope: ScopePointer) {
    index = unsafe scope.pointee.index
    serial = unsafe scope.pointee.serial
  }

  /// Ends what the scope's body waits for, as if its task was cancelled, and every later wait until the body returns.
  ///
  /// O(1), no allocation. Nothing happens if the scope is over or was cancelled before. From any task of the same runtime,
  /// the scope's own included.
  public func cancel() {
    guard let loop = unsafe LoopState.ofThisThread,
      let scope = unsafe loop.pointee.scopes.record(index, serial: serial)
    else { return }
    unsafe loop.pointee.cancelScope(scope, isTimeout: false)
  }

  /// Whether the scope was cancelled by this, and is not over. O(1).
  public var isCancelled: Bool {
    guard let loop = unsafe LoopState.ofThisThread,
      let scope = unsafe loop.pointee.scopes.record(index, serial: serial)
    else { return false }
    return unsafe scope.pointee.isCancelled
  }
}

@available(*, unavailable)
extension CancelScope: Sendable {}

/// Runs `body` in the current task, in a scope that others can cancel by the handle it is given.
///
/// Reaches what `withTimeout` reaches.
///
/// - Returns: What the body returns, also if the scope was cancelled. Throws what the body throws.
/// - Complexity: O(1), no allocation in steady state, no new task.
///
/// Traps outside a task of a runtime.
@inlinable
nonisolated(nonsending) public func withCancelScope<Success: ~Copyable, Failure: Error>(
  _ body: nonisolated(nonsending) (CancelScope) async throws(Failure) -> Success
) async throws(Failure) -> Success {
  let loop = unsafe LoopState.current(for: "withCancelScope")
  let scope = unsafe loop.pointee.enterScope("withCancelScope")
  do throws(Failure) {
    let value = unsafe try await body(CancelScope(scope))
    _ = unsafe loop.pointee.leaveScope(scope)
    return value
  } catch {
    _ = unsafe loop.pointee.leaveScope(scope)
    throw error
  }
}
