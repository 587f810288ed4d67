// A task that another thread spawned, as that thread sees it.

/// A task of a runtime that was spawned through its handle. Any one thread or task waits for its result.
///
/// Dropping it detaches the task: it runs on, and its result is dropped.
public struct RemoteTask<Success: Sendable>: ~Copyable, Sendable {
  private let work: RemoteWorkOf<Success>

  init(_ work: RemoteWorkOf<Success>) { self.work = work }

  /// Waits until the task ends, and gives its value or throws its error. From a task of any runtime, or from any other
  /// Swift task.
  ///
  /// - Throws: What the task threw; `CancellationError` if the *waiting* task is cancelled before or meanwhile, and the task
  ///   then runs on, detached; `RuntimeEndedError` if its runtime ended and gave the task up.
  /// - Complexity: O(1), no allocation in a task of a runtime.
  nonisolated(nonsending) public consuming func value() async throws -> Success {
    guard await work.wait(for: "RemoteTask.value()", until: nil) == .woken else { throw CancellationError() }
    return try work.take().get()
  }

  /// As `value`, on a plain thread, which it parks. Traps on a runtime's thread.
  ///
  /// - Throws: `TimeoutError` if `deadline` came first; the task runs on.
  public consuming func valueBlocking(until deadline: Deadline? = nil) throws -> Success {
    guard work.waitBlocking(for: "RemoteTask.valueBlocking()", until: deadline) == .woken else {
      throw TimeoutError()
    }
    return try work.take().get()
  }

  /// Cancels the task, as `JoinHandle.cancel` does. One that has not started still starts, cancelled. Nothing happens if
  /// it has ended. Any thread; O(1).
  public func cancel() { work.cancel() }

  /// Whether the task has ended.
  public var isFinished: Bool { work.isSettled }
}
