// A spawned task as its spawner sees it: a result to wait for, something to cancel, or something to let go.

internal import CNexus

/// A task that was spawned, and its result.
///
/// Dropping the handle detaches the task: it runs on, and its result is dropped when it ends. The handle belongs to the
/// runtime's thread and is used by its tasks.
@frozen
@safe
public struct JoinHandle<Success: ~Copyable>: ~Copyable {
  @usableFromInline let body: ResultBody<Success>

  @usableFromInline
  init(_ body: ResultBody<Success>) { self.body = body }

  /// Waits until the task ends, and gives its value or throws its error.
  ///
  /// - Throws: What the task threw; `CancellationError` if the *waiting* task is cancelled while it waits, or was
  ///   before: the awaited task then runs on, detached.
  /// - Complexity: O(1), no allocation. Returns without suspending if the task has ended.
  @inlinable
  nonisolated(nonsending) public consuming func value() async throws -> Success {
    let body = self.body
    while !body.isFinished {
      let loop = unsafe LoopState.current(for: "JoinHandle.value()")
      let wait = unsafe Wait(local: loop, for: "JoinHandle.value()")
      unsafe body.joiner = wait.slot
      let wasWoken = await wait.suspend()
      unsafe body.joiner = nil
      if !wasWoken && !body.isFinished { throw CancellationError() }
    }
    return try body.takeResult()
  }

  /// Cancels the task: `Task.isCancelled` becomes true in it and in its child tasks, and if it waits for anything of
  /// this runtime that wait ends now, with the error that the operation documents. A task that has not
  /// started still starts, cancelled. Nothing happens if it has ended.
  ///
  /// O(1) plus the task's child tasks.
  public borrowing func cancel() {
    guard !body.isFinished else { return }
    body.isCancelled = true
    // A resident that was given the body and has not run yet finds the mark when it starts.
    if body.hasStarted, let slot = unsafe body.slot {
      unsafe LoopState.current(for: "JoinHandle.cancel()").pointee.cancel(slot)
    }
  }

  /// Whether the task has ended.
  @inlinable
  public var isFinished: Bool { body.isFinished }
}
