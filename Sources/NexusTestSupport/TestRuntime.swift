// A runtime for tests: its clock moves when the test says so, and its tasks run a step at a time.

public import NexusRT

/// A runtime that does nothing by itself: the test runs its tasks, looks, and moves the clock. What sleeps for hours takes
/// microseconds, and happens in the same order each time.
///
/// ```swift
/// let runtime = try TestRuntime()
/// let log = Log()
/// runtime.spawn {
///   try await sleep(for: .seconds(3600))
///   log.lines.append("an hour later")
/// }
/// runtime.advance(by: .seconds(3599))
/// assert(log.lines.isEmpty)
/// runtime.advance(by: .seconds(1))
/// assert(log.lines == ["an hour later"])
/// ```
///
/// All of the runtime's time follows the clock: sleeps, intervals, time limits, deadlines, retries, `Deadline.now` and `loopTime()`.
/// `Configuration.schedule` applies: with `.random(seed:)` what is ready runs in an order that only the seed decides, to
/// find what relies on an order that nobody promised.
///
/// One thread makes it and uses it: keep it in a synchronous test function that is isolated to no actor, not in an `async` one,
/// which may go on on another thread after each `await`. Traps elsewhere, and inside its own tasks. When it goes, its tasks are cancelled and run to
/// their end.
public final class TestRuntime {
  private let runtime: Runtime

  /// Makes this thread's runtime. Its clock stands at `start`.
  ///
  /// - Parameters:
  ///   - world: What its tasks reach by `withWorld`.
  ///   - configuration: Everything but the clock.
  public init(
    world: consuming World = World(), start: Deadline = Deadline(nanoseconds: 0),
    configuration: Configuration = Configuration()
  ) throws(RuntimeError) {
    var configuration = configuration
    configuration.clock = .manual(start: start, advancesWhenIdle: false)
    runtime = try Runtime(world: world, configuration: configuration)
  }

  // MARK: Tasks

  /// Spawns a task; it does not run yet.
  ///
  /// It runs on this thread, inside the calls that step: so it may share with the test what is not `Sendable`. Traps in code
  /// that is isolated to an actor, such as the main one, because its closures are too.
  @discardableResult
  public func spawn<Success: ~Copyable>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) -> JoinHandle<Success> {
    if let isolation {
      fatalError(
        "NexusRT: a TestRuntime was given a task by code isolated to \(isolation), where that task would run, and not in the runtime: use it in a function without isolation"
      )
    }
    return runtime.stepSpawn(body)
  }

  /// Runs `body` as a task until it ends, with everything else; the clock moves to the next deadline whenever nothing is ready.
  ///
  /// Shares and traps as `spawn` does.
  ///
  /// - Parameter patience: How long, in real time, it waits for the kernel and for other threads before it moves the clock,
  ///   or gives up. It waits for the kernel if operations are with it, and for other threads if there is no deadline.
  /// - Throws: What `body` throws; `Stalled` if it can not go on.
  public func run<Success: ~Copyable>(
    patience: Duration = .milliseconds(100), isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) @escaping () async throws -> Success
  ) throws -> Success {
    try value(of: spawn(isolation: isolation, body), patience: patience)
  }

  /// What a task returns or throws. It is run until it ends, as `run` does.
  public func value<Success: ~Copyable>(
    of handle: consuming JoinHandle<Success>, patience: Duration = .milliseconds(100)
  ) throws -> Success {
    do {
      return try runtime.stepValue(of: handle, patience: patience)
    } catch is LoopStalled {
      throw Stalled(waitingTasks: waitingCount, operations: operationCount)
    }
  }

  /// The same, for a look at the error: `#expect(throws:)` takes a closure, into which a handle can not be moved.
  public func result<Success>(
    of handle: consuming JoinHandle<Success>, patience: Duration = .milliseconds(100)
  ) -> Result<Success, any Error> {
    do { return .success(try value(of: handle, patience: patience)) } catch { return .failure(error) }
  }

  /// What `run`, `value(of:)` and `result(of:)` give when nothing is ready, no deadline is set and nothing came from outside.
  public struct Stalled: Error, Equatable, CustomStringConvertible {
    public let waitingTasks: Int
    public let operations: Int
    public var description: String {
      "nothing is ready and no deadline is set, but the task has not ended: \(waitingTasks) tasks wait for each other or for other threads, and \(operations) operations for the kernel"
    }
  }

  // MARK: Stepping

  /// Runs until nothing is ready: for ever, if a task yields for ever. The clock stands still, and nothing that takes the kernel time is waited for.
  public func runUntilIdle() { runtime.stepUntilIdle() }

  /// Runs one turn of the loop: a batch of what is ready (`Configuration.tasksPerTurn`), then timers, other threads' wakes
  /// and completions of the kernel.
  public func runTurn() { runtime.stepTurn() }

  /// Runs one task that is ready until it waits, yields or ends; with the portable ways of suspending (`SuspensionWay`) perhaps
  /// only a part of that.
  ///
  /// - Returns: false if none was.
  @discardableResult
  public func runOne() -> Bool { runtime.stepOne() }

  // MARK: Time

  /// What the clock says.
  public var now: Deadline { runtime.stepClock }

  /// The next deadline of any task or time limit; nil if there is none. It may have passed without being acted on.
  public var nextDeadline: Deadline? { runtime.stepNextDeadline }

  /// Moves the clock on. It stops at each deadline on the way, in their order, until nothing is ready there any more: so a task
  /// that sleeps again and again sees every one of its deadlines, at its time.
  ///
  /// Runs what is ready first.
  public func advance(by duration: Duration) {
    if duration < .zero {
      fatalError("NexusRT: TestRuntime.advance was called with \(duration): a clock does not go back")
    }
    advance(to: now.advanced(by: duration))
  }

  /// The same, to a moment; nothing is moved if that has passed.
  public func advance(to deadline: Deadline) { runtime.stepTime(to: deadline) }

  /// Runs what is ready, and then moves the clock to the next deadline and runs what is ready there.
  ///
  /// - Returns: false if there was none, and the clock stands where it stood.
  @discardableResult
  public func advanceToNextDeadline() -> Bool { runtime.stepToNextDeadline() }

  // MARK: Looking

  /// What is ready to run, in the queue of the loop. O(n).
  public var readyCount: Int { runtime.stepReady }

  /// Tasks that wait for a deadline, another task, a channel or another thread. O(tasks).
  public var waitingCount: Int { runtime.stepWaiting }

  /// Operations that are with the kernel.
  public var operationCount: Int { runtime.stepOperations }

  /// Deadlines that are waited for, those of time limits included.
  public var timerCount: Int { runtime.stepTimers }

  /// Tasks that were spawned and have not ended.
  public var taskCount: Int { runtime.taskCount }

  /// What the runtime has counted. `scheduleHash` tells whether two runs were alike.
  public var counters: RuntimeCounters { runtime.counters }
}
