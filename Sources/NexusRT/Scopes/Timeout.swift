// A time limit for whatever a task does.

/// What `withTimeout` and `withDeadline` throw when the time was up before their body ended.
public struct TimeoutError: Error, Equatable, Hashable, CustomStringConvertible {
  public init() {}
  public var description: String { "the time was up" }
}

/// Runs `body` in the current task, for `duration` at most.
///
/// ```swift
/// let count = try await withTimeout(.milliseconds(5)) { try await stream.receive(into: &bytes) }
/// ```
///
/// When the time is up what the body waits for ends as if the task was cancelled, and so does every later wait until the
/// body returns: a sleep, a wait for a channel or a task, an operation of the kernel (which is
/// cancelled there; what it completed with counts). `isCancelled()` becomes true; `Task.isCancelled` does not. The
/// body is not torn down: one that waits for nothing, or goes on after its errors, goes on. Time limits nest; an
/// inner one says nothing about what is outside of it.
///
/// Out of reach are suspensions that are not this runtime's, such as another actor, `Task.sleep` or an unsafe
/// continuation; the child tasks of the body (`async let`, task groups), which have to be given a limit of their own;
/// and tasks that the body spawned. `race` and `join` do pass it on to their bodies.
///
/// - Returns: What the body returns, also when the time was up before or at the same moment: what has ended counts, and nothing
///   is lost.
/// - Throws: What the body throws; `TimeoutError` instead, whatever it is, if the time was up before, unless the task or a
///   scope around this one had been cancelled by then.
/// - Complexity: O(1), however many tasks sleep. No allocation in steady state, no system call, no new task. With a duration of zero or less the body starts with its time up.
///
/// Traps outside a task of a runtime. Goes by the runtime's clock (`Configuration.clock`).
@inlinable
nonisolated(nonsending) public func withTimeout<Success: ~Copyable>(
  _ duration: Duration, _ body: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  try await withScope(until: .after(duration), isPast: duration <= .zero, body)
}

/// Runs `body` in the current task until `deadline` at most, as `withTimeout` does.
@inlinable
nonisolated(nonsending) public func withDeadline<Success: ~Copyable>(
  _ deadline: Deadline, _ body: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  try await withScope(until: deadline, isPast: deadline.isPast, body)
}

@inlinable
nonisolated(nonsending) func withScope<Success: ~Copyable>(
  until deadline: Deadline, isPast: Bool, _ body: nonisolated(nonsending) () async throws -> Success
) async throws -> Success {
  let loop = unsafe LoopState.current(for: "a time limit")
  let scope = unsafe loop.pointee.enterScope("a time limit", until: deadline, isPast: isPast)
  do {
    let value = try await body()
    _ = unsafe loop.pointee.leaveScope(scope)
    return value
  } catch {
    if unsafe loop.pointee.leaveScope(scope) { throw TimeoutError() }
    throw error
  }
}
