// Doing something later.

/// Waits for `delay`, and then runs `operation` in the current task.
///
/// `spawnBoxed { try await after(.seconds(1)) { ... } }` does it later without waiting here.
///
/// - Returns: What `operation` returns.
/// - Throws: What `operation` throws; `CancellationError`, and `operation` does not run, if the task or a cancel scope it is in is
///   cancelled before or during the wait.
/// - Complexity: O(1), no allocation. A delay of zero or less lets the other tasks run once.
///
/// Traps outside a task of a runtime.
nonisolated(nonsending) public func after<Success: ~Copyable>(
  _ delay: Duration, do operation: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  try await sleep(for: delay)
  return try await operation()
}

/// Waits until `deadline`, and then runs `operation` in the current task, as `after(_:do:)` with a delay does.
nonisolated(nonsending) public func after<Success: ~Copyable>(
  _ deadline: Deadline, do operation: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  try await sleep(until: deadline)
  return try await operation()
}
