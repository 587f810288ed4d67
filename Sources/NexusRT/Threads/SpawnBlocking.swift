// Work that blocks, on threads of the runtime's that are made for it.

/// Why `trySpawnBlocking` started nothing.
public struct BlockingQueueFull: Error, Equatable, Hashable, CustomStringConvertible {
  public init() {}
  public var description: String {
    "as many bodies wait for a thread as Configuration.blocking.queueLength allows"
  }
}

/// Runs `body` on a thread of the runtime's pool, where it may block: file systems, name look-ups, long computations.
///
/// ```swift
/// let sum = try await spawnBlocking { checksum(of: path) }.value()
/// ```
///
/// If all threads are at work the body waits in a queue; if that is full the *caller* waits for a place, first come, first
/// served. The pool is `Configuration.blocking`.
///
/// - Returns: The body's handle, once it has a place. Dropping it lets the body run.
/// - Throws: `CancellationError` if the task, or a scope it is in, is cancelled before or while it waits for a place: the body
///   never runs then.
/// - Complexity: O(1): one object beside what the body captures; a system call to wake a thread, and another for it to wake
///   the loop; some 20 us when a thread has to be started.
///
/// Traps outside a task of a runtime, and if the system refuses the pool its first thread.
nonisolated(nonsending) public func spawnBlocking<Success: Sendable>(
  _ body: @escaping @Sendable () throws -> Success
) async throws(CancellationError) -> BlockingTask<Success> {
  let pool = unsafe LoopState.current(for: "spawnBlocking").pointee.loop.services.blocking
  if isCancelled() { throw CancellationError() }
  let work = BlockingWork(body)
  switch pool.submit(work, waiting: nil) {
  case .queued: return BlockingTask(work, pool)
  case .closed: throw CancellationError()
  case .full, .outside: break
  }
  var isWaiting = false
  while true {
    let wait = Wait(for: "spawnBlocking")
    if isWaiting {
      guard pool.keepWaiting(work, wait.token) else {
        wait.giveUp()
        return BlockingTask(work, pool)
      }
    } else {
      let submission = pool.submit(work, waiting: wait.token)
      if submission != .outside {
        wait.giveUp()
        if submission == .closed { throw CancellationError() }
        return BlockingTask(work, pool)
      }
      isWaiting = true
    }
    // Having got a place meanwhile, it is not to run all the same.
    if await wait.suspend(until: nil) == .cancelled {
      if !pool.remove(work) { return BlockingTask(work, pool) }
      throw CancellationError()
    }
  }
}

/// As `spawnBlocking`, but does not wait for a place in the queue.
///
/// - Throws: `BlockingQueueFull`: nothing was started.
public func trySpawnBlocking<Success: Sendable>(
  _ body: @escaping @Sendable () throws -> Success
) throws(BlockingQueueFull) -> BlockingTask<Success> {
  let pool = unsafe LoopState.current(for: "trySpawnBlocking").pointee.loop.services.blocking
  let work = BlockingWork(body)
  guard pool.submit(work, waiting: nil) == .queued else { throw BlockingQueueFull() }
  return BlockingTask(work, pool)
}

/// A body that `spawnBlocking` started, and its result.
///
/// Dropping it lets the body run; its result is dropped.
public struct BlockingTask<Success: Sendable>: ~Copyable, Sendable {
  private let work: BlockingWork<Success>
  private let pool: BlockingPool

  init(_ work: BlockingWork<Success>, _ pool: BlockingPool) {
    self.work = work
    self.pool = pool
  }

  /// Waits until the body has ended, and gives its value or throws its error. In a task of a runtime, or any other.
  ///
  /// - Throws: What the body threw; `CancellationError` if the waiting task, or a scope it is in, is cancelled before the body
  ///   has ended: a body that no thread has begun then never runs, and one that runs does so to its end, but its result
  ///   is dropped. The same if it was cancelled by `cancel`, or the runtime ended before a thread began.
  nonisolated(nonsending) public consuming func value() async throws -> Success {
    guard await work.wait(for: "BlockingTask.value()", until: nil) == .woken else {
      work.cancel(pool)
      throw CancellationError()
    }
    return try work.take().get()
  }

  /// Keeps the body from running if no thread has begun it: `value` throws `CancellationError` then.
  ///
  /// - Returns: false if a thread has begun it, or has ended it: nothing happens then. O(1).
  @discardableResult
  public borrowing func cancel() -> Bool { work.cancel(pool) }

  /// Whether the body has ended, or will not run.
  public var isFinished: Bool { work.isSettled }
}

/// One object: the body, its place in the queue, and its result.
///
/// Unchecked: `body` is taken by the thread that has taken the work out of the queue, or by who has removed it; `result` is
/// written by who claims, and taken by the waiter.
final class BlockingWork<Success: Sendable>: BlockingItem, CompletionResult, @unchecked Sendable {
  private var body: (@Sendable () throws -> Success)?
  var result: Result<Success, any Error>?

  init(_ body: @escaping @Sendable () throws -> Success) { self.body = body }

  override func run() {
    let result = Result { try body!() }
    // What it captured ends on this thread, before its result is known.
    body = nil
    settle(result)
  }

  override func drop() {
    body = nil
    settle(.failure(CancellationError()))
  }

  /// - Returns: Whether it will not run.
  @discardableResult
  func cancel(_ pool: BlockingPool) -> Bool {
    guard pool.remove(self) else { return false }
    drop()
    return true
  }
}
