// Ordinary concurrent Swift code, awaited by a task of a runtime.

internal import CNexus

/// Runs `body` outside of the runtime, on Swift's global executor, waits for it, and goes on in the current task, on the
/// runtime's thread: for an actor of another kind, `URLSession`, a database client, whatever suspends by Swift's own means.
///
/// ```swift
/// let rows = try await withForeign { try await database.query("select 1") }
/// ```
///
/// The task's cancellation, and that of a scope or time limit around it, cancels the body's task; what the body does then
/// is awaited and counts: it is not left behind. Task-local values and the priority cross over.
///
/// - Returns: What the body returns. Throws what the body throws.
/// - Complexity: A Swift task and two thread switches; some us.
///
/// Traps outside a task of a runtime. An ordinary `await` of such code works too; but a scope's cancellation does not reach
/// it, nor does `JoinHandle.cancel` end its wait unless it looks at `Task.isCancelled`.
nonisolated(nonsending) public func withForeign<Success: Sendable>(
  _ body: @escaping @Sendable () async throws -> Success
) async throws -> Success {
  _ = unsafe LoopState.current(for: "withForeign")
  let cell = CompletionCell<Success>()
  // Unstructured, since a child would come back to this thread; the preference keeps it from our executor.
  let task = Task(executorPreference: globalConcurrentExecutor) {
    do {
      cell.settle(.success(try await body()))
    } catch {
      cell.settle(.failure(error))
    }
  }
  await cell.waitToTheEnd(for: "withForeign") { task.cancel() }
  return try cell.take().get()
}
