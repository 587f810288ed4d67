// The runtime: one thread, one world, one loop.

internal import CNexus
internal import Glibc

/// A single-threaded async runtime: it owns a world of state, a slab of tasks, an io_uring and a run queue, all used by the
/// thread that made it.
///
/// ```swift
/// let runtime = try Runtime()
/// let sum = try runtime.blockOn {
///   let a = spawnBoxed { 20 }
///   let b = spawnBoxed { 22 }
///   return try await a.value() + b.value()
/// }
/// ```
///
/// A thread has one runtime at most. A runtime ends when its value goes: tasks that are still alive are cancelled and run
/// until they end.
@safe
public struct Runtime: ~Copyable {
  let loop: Loop

  /// Makes this thread's runtime.
  ///
  /// - Throws: `RuntimeError`, which says what is wrong and what to do.
  public init(world: consuming World = World(), configuration: Configuration = Configuration())
    throws(RuntimeError)
  {
    require(configuration.tasksPerTurn >= 1, "NexusRT: tasksPerTurn must be at least 1")
    let services = try RuntimeServices(configuration)
    do throws(RuntimeError) {
      loop = try RuntimeLoop(world: world, configuration: configuration, services: services)
    } catch {
      services.restoreThread()
      throw error
    }
    loop.settleSuspension(configuration)
    loop.prepare(configuration)
  }

  /// Runs `body` as a task of this runtime, and everything else that is ready, until `body` ends; parks the
  /// thread in the kernel while nothing is ready.
  ///
  /// Tasks that `body` spawned and that still live go on with the next call. Traps inside a task, and on a thread that is
  /// not the runtime's.
  ///
  /// - Returns: What `body` returns. Throws what it throws.
  public borrowing func blockOn<Success: ~Copyable>(
    _ body: sending nonisolated(nonsending) @escaping () async throws -> Success
  ) throws -> Success {
    try loop.runRoot(body, busy: false)
  }

  /// As `blockOn`, but never parks: the thread looks for work all the time. The lowest latency, at the cost of a core.
  public borrowing func blockOnBusy<Success: ~Copyable>(
    _ body: sending nonisolated(nonsending) @escaping () async throws -> Success
  ) throws -> Success {
    try loop.runRoot(body, busy: true)
  }

  /// Whether the calling thread is a runtime's: its tasks run here, and nothing should block it.
  @inlinable
  public static var isOnThisThread: Bool { unsafe LoopState.ofThisThread != nil }

  /// What the runtime has counted since it was made.
  public var counters: RuntimeCounters { unsafe loop.state.pointee.counters }

  /// Tasks that were spawned and have not ended.
  public var taskCount: Int { unsafe loop.state.pointee.slab.bodies }

  /// How tasks of this runtime suspend.
  public var suspension: SuspensionWay { unsafe SuspensionWay(loop.state.pointee.way) }

  /// Why the direct way of suspending is not used although nothing asked for another; nil if it is, or was not wanted.
  public var suspensionNote: String? { unsafe loop.suspensionNote }

  deinit { loop.end() }
}

/// What the loop of the current task's runtime has counted since it was made. Traps outside a runtime.
public func runtimeCounters() -> RuntimeCounters {
  unsafe LoopState.current(for: "runtimeCounters").pointee.counters
}
