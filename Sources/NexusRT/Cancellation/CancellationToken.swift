// Cancellation that is asked for from anywhere: a tree of tokens, shared by tasks, threads and runtimes.

internal import Synchronization

/// Says, once, that something is to end. Any number of tasks and threads can look at it or wait for it.
///
/// ```swift
/// let session = CancellationToken()
/// let request = session.child()
/// spawnBoxed {
///   await withCancellation(by: request) { ... }
/// }
/// session.cancel()   // the request's too
/// ```
///
/// Cancellation goes from a token to those made from it by `child()`, and never up. A child keeps its parents alive, so that a
/// token in between may be dropped; a parent knows its children only as long as they live. All methods may be called
/// from any thread.
@safe public final class CancellationToken: Sendable {
  /// Freed with the token, and touched under the tree's lock.
  nonisolated(unsafe) let node: CancellationNodePointer
  /// The node's flag, which is read without the lock.
  nonisolated(unsafe) private let flag: UnsafePointer<Atomic<Bool>>
  let tree: CancellationTree
  /// Guarded by being touched in `init` and `deinit` alone.
  nonisolated(unsafe) private var parent: CancellationToken?

  /// A token that is not cancelled, the root of a tree of its own.
  public init() {
    tree = CancellationTree()
    unsafe node = CancellationNode.make()
    unsafe flag = UnsafePointer(CancellationNode.flag(of: node))
    unsafe parent = nil
  }

  private init(childOf parent: CancellationToken) {
    tree = parent.tree
    unsafe node = parent.tree.makeChild(of: parent.node)
    unsafe flag = UnsafePointer(CancellationNode.flag(of: node))
    unsafe self.parent = parent
  }

  deinit {
    leaveTree()
    unsafe CancellationNode.free(node)
    // A long chain of parents that only their children kept ends here one by one, and not each inside the one below it.
    var above = unsafe parent.take()
    while above != nil, isKnownUniquelyReferenced(&above) {
      let token = above!
      // Nobody else has it, and its children are gone: it may leave before its own deinit.
      token.leaveTree()
      above = unsafe token.parent.take()
    }
  }

  private func leaveTree() { unsafe tree.unlink(node) }

  /// A token that is cancelled with this one, and can be cancelled alone. Born cancelled if this is.
  ///
  /// O(1). It is forgotten by this one, in O(1), when the last reference to it goes.
  public func child() -> CancellationToken { CancellationToken(childOf: self) }

  /// Whether this token, or one above it, was cancelled. One load; what was written before `cancel()` is visible then.
  public var isCancelled: Bool { unsafe flag.pointee.load(ordering: .acquiring) }

  /// Cancels this token and all below it, for good, and wakes those who wait for them. A second call does nothing.
  ///
  /// O(tokens below that were not cancelled + waiters), under a lock of the tree; the waiters are woken outside of it.
  public func cancel() {
    if isCancelled { return }
    unsafe tree.cancel(node)
  }

  /// Something to hold on to while work runs that is to be cancelled if its owner leaves without a word.
  public func guarded() -> CancellationGuard { CancellationGuard(self) }

  // MARK: Waiting

  /// Waits, in a task of a runtime, until the token is cancelled.
  ///
  /// - Throws: `CancellationError` if the waiting task, or a scope it is in, is cancelled before or meanwhile and the token is
  ///   not.
  /// - Complexity: O(1), and no allocation unless more wait at a time than before. Nothing of the wait remains when it
  ///   returns, however it ended.
  nonisolated(nonsending) public func cancelled() async throws(CancellationError) {
    _ = try await wait(until: nil)
  }

  /// As `cancelled()`, until `deadline` at the latest.
  ///
  /// - Returns: Whether the token is cancelled.
  nonisolated(nonsending) public func cancelled(until deadline: Deadline) async throws(CancellationError)
    -> Bool
  {
    try await wait(until: deadline)
  }

  nonisolated(nonsending) private func wait(until deadline: Deadline?) async throws(CancellationError) -> Bool
  {
    while !isCancelled {
      let wait = Wait(for: "CancellationToken.cancelled()")
      guard let place = unsafe tree.register(.wait(wait.token), at: node) else {
        wait.giveUp()
        return true
      }
      let outcome = await wait.suspend(until: deadline)
      guard unsafe tree.unregister(place, at: node) else { return true }
      if outcome == .cancelled { throw CancellationError() }
      if outcome == .timedOut { return false }
    }
    return true
  }

  /// Waits, on a plain thread, until the token is cancelled, or until `deadline`. Traps on a runtime's thread.
  ///
  /// - Returns: Whether the token is cancelled.
  @discardableResult
  public func waitBlocking(until deadline: Deadline? = nil) -> Bool {
    while !isCancelled {
      let wait = ThreadWait(for: "CancellationToken.waitBlocking()")
      guard let place = unsafe tree.register(.wait(wait.token), at: node) else {
        wait.giveUp()
        return true
      }
      let outcome = wait.park(until: deadline)
      guard unsafe tree.unregister(place, at: node) else { return true }
      if outcome == .timedOut { return false }
    }
    return true
  }
}

/// Cancels its token when it goes, unless it was disarmed.
public struct CancellationGuard: ~Copyable, Sendable {
  private var token: CancellationToken?

  init(_ token: CancellationToken) { self.token = token }

  deinit { token?.cancel() }

  /// Ends the guard without cancelling, and gives the token back.
  @discardableResult
  public consuming func disarm() -> CancellationToken { token.take()! }
}
