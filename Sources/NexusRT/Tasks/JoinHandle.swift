// A spawned task as its spawner sees it: a result to wait for, something to cancel, or something to let go.

internal import CNexus

/// A task that was spawned, and its result.
///
/// Dropping the handle detaches the task: it runs on, and its result is dropped when it ends. The handle belongs to the
/// runtime's thread and is used by its tasks.
@frozen
@safe
public struct JoinHandle<Success: ~Copyable>: ~Copyable {
  @usableFromInline let body: BodyPointer

  @inlinable
  init(_ body: BodyPointer) { unsafe self.body = unsafe body }

  deinit { unsafe TaskBody.release(body) }

  /// Waits until the task ends, and gives its value or throws its error.
  ///
  /// - Throws: What the task threw; `CancellationError` if the *waiting* task is cancelled while it waits, or was
  ///   before: the awaited task then runs on, detached.
  /// - Complexity: O(1), no allocation. Returns without suspending if the task has ended.
  @inlinable @inline(__always)
  nonisolated(nonsending) public consuming func value() async throws -> Success {
    while unsafe !body.pointee.isFinished {
      let loop = unsafe LoopState.current(for: "JoinHandle.value()")
      unsafe require(
        loop.pointee.threadID == body.pointee.threadID,
        "NexusRT: a JoinHandle was used on another runtime's thread")
      let wait = unsafe Wait(local: loop, for: "JoinHandle.value()")
      unsafe body.pointee.joiner = wait.slot
      let wasWoken = await wait.suspend()
      unsafe body.pointee.joiner = nil
      if unsafe !wasWoken && !body.pointee.isFinished { throw CancellationError() }
    }
    return try taken()
  }

  /// The result of a task that has ended.
  @inlinable @inline(__always)
  consuming func taken() throws -> Success {
    if unsafe body.pointee.outcome == .failure { throw unsafe body.pointee.error! }
    // Sound: the outcome is `success`, so the result is initialised; it is taken once, since this consumes the handle.
    unsafe body.pointee.outcome = .taken
    return unsafe TaskBody.result(of: body).assumingMemoryBound(to: Success.self).move()
  }

  /// Cancels the task: `Task.isCancelled` becomes true in it and in its child tasks, and if it waits for anything of
  /// this runtime that wait ends now, with the error that the operation documents. A task that has not
  /// started still starts, cancelled. Nothing happens if it has ended.
  ///
  /// O(1) plus the task's child tasks.
  public borrowing func cancel() { unsafe TaskBody.cancel(body) }

  /// Whether the task has ended.
  @inlinable
  public var isFinished: Bool { unsafe body.pointee.isFinished }
}
