// Trying again until it works.

/// Runs `operation` until it returns, with the waits of `backoff` between.
///
/// A `CancellationError` of `operation`, and any error once the task or a cancel scope around this was cancelled, is not tried
/// again. To limit a single attempt use `withTimeout` inside; a `TimeoutError` of one is tried again like any other error.
///
/// - Parameter isWorthIt: Asked of each error; with false it is thrown as it is, without another attempt.
/// - Returns: What the first successful attempt returns.
/// - Throws: `RetriesExhausted`, with the last attempt's error, when the backoff allows no more; `CancellationError`; an error
///   that is not worth another attempt.
///
/// Traps outside a task of a runtime.
nonisolated(nonsending) public func retry<Success: ~Copyable>(
  _ backoff: Backoff = Backoff(), if isWorthIt: (any Error) -> Bool = { _ in true },
  _ operation: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  var backoff = backoff
  while true {
    let failure: any Error
    do { return try await operation() } catch { failure = error }
    if failure is CancellationError || isCancelled() || !isWorthIt(failure) { throw failure }
    try await backoff.wait(after: failure)
  }
}
