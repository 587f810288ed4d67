// Asking, for a body that computes and does not wait.

/// Whether the current task was cancelled, or a cancel scope or time limit that it is in.
///
/// `Task.isCancelled` knows of the task alone, and is what this returns outside of a runtime. O(1); in a child task, and
/// after a suspension that is not ours, a look into a table.
public func isCancelled() -> Bool {
  guard let loop = unsafe LoopState.ofThisThread else { return Task.isCancelled }
  return unsafe loop.pointee.isRunningTaskCancelled() ?? false
}
