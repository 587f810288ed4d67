// A part of a task that a token cancels, from whatever thread the token is cancelled.

internal import Synchronization

/// Runs `body` in the current task, in a cancel scope that ends when `token` is cancelled: what the body waits for ends then,
/// and every later wait until it returns, as if the task was cancelled.
///
/// Reaches what `withTimeout` reaches. With a token that is cancelled already the body starts cancelled.
///
/// - Returns: What the body returns, also if the token was cancelled. Throws what the body throws.
/// - Complexity: O(1), no allocation in steady state, no new task. If another thread is cancelling the token while the body
///   returns this waits until it has.
///
/// Traps outside a task of a runtime.
@inlinable
nonisolated(nonsending) public func withCancellation<Success: ~Copyable, Failure: Error>(
  by token: CancellationToken, _ body: nonisolated(nonsending) () async throws(Failure) -> Success
) async throws(Failure) -> Success {
  let link = ScopeLink.begin(token)
  do throws(Failure) {
    let value = try await body()
    await link.end()
    return value
  } catch {
    await link.end()
    throw error
  }
}

/// Joins a token and a scope: registered with the token, it is told of the cancellation on any thread, and travels to the
/// loop's to cancel the scope there.
///
/// Who may touch what: `place`, `scope`, `waiter` and `hasArrived` belong to the loop's thread. The token may fire the link
/// once, between `begin` and the `unregister` in `end`; if that finds that it may have, the scope is kept until the link has
/// arrived. So an arriving link always finds its scope.
@usableFromInline
@safe final class ScopeLink: LoopMessage, @unchecked Sendable {
  private let mailbox: MailboxPointer
  private var token: CancellationToken?
  private var place: Int32?
  private var scope: ScopePointer?
  /// The slot of the task that has left the body and waits for the link to arrive.
  private var waiter: SlotPointer?
  private var hasArrived = false

  private init(_ mailbox: MailboxPointer) {
    unsafe self.mailbox = mailbox
    unsafe scope = nil
    unsafe waiter = nil
  }

  /// Puts the running task into a scope and registers that with `token`.
  @usableFromInline
  static func begin(_ token: CancellationToken) -> ScopeLink {
    let loop = unsafe LoopState.current(for: "withCancellation")
    let link = unsafe loop.pointee.spareLinks.popLast() ?? ScopeLink(loop.pointee.mailbox)
    let scope = unsafe loop.pointee.enterScope("withCancellation")
    unsafe link.scope = scope
    link.token = token
    link.hasArrived = false
    link.place = unsafe token.tree.register(.scope(link), at: token.node)
    if link.place == nil { unsafe loop.pointee.cancelScope(scope, isTimeout: false) }
    return link
  }

  /// Takes the task out of the scope.
  @inlinable @inline(__always)
  nonisolated(nonsending) func end() async {
    while isOnItsWay() { await waitForArrival() }
    leave()
  }

  /// Takes the link back from the token.
  ///
  /// - Returns: Whether it was told, or is about to be, and has not arrived.
  @usableFromInline
  func isOnItsWay() -> Bool {
    if let token, let place, unsafe token.tree.unregister(place, at: token.node) { hasArrived = true }
    token = nil
    return place != nil && !hasArrived
  }

  @usableFromInline
  func leave() {
    // The task may be another thread's no more than its scope: this is the loop that `begin` saw.
    let loop = unsafe LoopState.current(for: "withCancellation")
    unsafe _ = loop.pointee.leaveScope(scope.unsafelyUnwrapped)
    unsafe scope = nil
    if unsafe loop.pointee.spareLinks.count < ScopeLink.mostSpare {
      unsafe loop.pointee.spareLinks.append(self)
    }
  }

  /// As many are kept for the next scopes.
  private static let mostSpare = 64

  @usableFromInline @inline(never)
  nonisolated(nonsending) func waitForArrival() async {
    let loop = unsafe LoopState.current(for: "withCancellation")
    let slot = unsafe loop.pointee.currentSlot("withCancellation")
    unsafe waiter = slot
    unsafe await Wait.suspendToTheEnd(slot, loop)
    unsafe waiter = nil
  }

  /// The token was cancelled. Any thread, outside of all locks.
  func fire() {
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.mailbox == mailbox {
      unsafe deliver(to: loop)
    } else {
      unsafe mailbox.pointee.push(RunItem(message: self))
    }
  }

  @usableFromInline
  override func deliver(to loop: LoopPointer) {
    hasArrived = true
    unsafe loop.pointee.cancelScope(scope.unsafelyUnwrapped, isTimeout: false)
    if let waiter = unsafe waiter { unsafe loop.pointee.wakeLocally(waiter) }
  }
}
