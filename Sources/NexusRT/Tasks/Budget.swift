// What keeps a task that never has to wait from starving the others.

/// The operations a task may complete in a row without waiting for anything, before it is to yield once.
///
/// A loop over a channel that always has something would otherwise never let go of the thread. 128 operations of some ns
/// are below a microsecond, and the yield's 20 ns are shared among them. (The idea is tokio's "coop" budget.)
@usableFromInline
package enum Budget {
  /// As `isSpent`, of a send: the loop looks at watched words at once then, since they may have changed right here.
  @inlinable @inline(__always)
  package static func isSpentSending(by operation: StaticString) -> Bool {
    let loop = unsafe LoopState.current(for: operation)
    unsafe loop.pointee.hasSent = true
    unsafe loop.pointee.budget &-= 1
    return unsafe loop.pointee.budget < 0
  }

  /// Counts one operation of the running task; true when it is time to yield.
  @inlinable @inline(__always)
  package static func isSpent(by operation: StaticString) -> Bool {
    let loop = unsafe LoopState.current(for: operation)
    unsafe loop.pointee.budget &-= 1
    return unsafe loop.pointee.budget < 0
  }

  /// Lets the others run. Out of line: an `await yield()` in the middle of a function that is to be inlined keeps it
  /// from being.
  @usableFromInline @inline(never)
  nonisolated(nonsending) package static func pause() async { await yield() }
}
