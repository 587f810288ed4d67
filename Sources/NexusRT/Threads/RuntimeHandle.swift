// A runtime as other threads may use it.

internal import Synchronization

/// What was asked of a runtime through its handle came after the runtime had begun to end.
public struct RuntimeEndedError: Error, Equatable, Hashable, CustomStringConvertible {
  public init() {}
  public var description: String { "the runtime has ended" }
}

/// A runtime, for use from any thread: to spawn tasks into it, to ask for its shutdown, to make it the executor of an actor.
///
/// A handle may be kept for as long as one likes; it does not keep the runtime from ending.
public struct RuntimeHandle: Sendable {
  let loop: Loop

  init(_ loop: Loop) { self.loop = loop }

  /// That of the current task's runtime. Traps outside of a runtime.
  public static var current: RuntimeHandle {
    RuntimeHandle(unsafe LoopState.current(for: "RuntimeHandle.current").pointee.loop)
  }

  /// Whether the runtime has begun to end, or has ended: then nothing can be spawned into it.
  public var hasEnded: Bool { loop.services.spawnGate.isClosed }

  /// To ask for the runtime's shutdown, or to wait until somebody does.
  public var shutdown: ShutdownHandle { loop.services.shutdown }

  /// What the runtime counted, once it has ended.
  public var statistics: RuntimeStatistics { loop.services.statistics }

  /// Starts a task in the runtime, from any thread.
  ///
  /// It runs when the runtime's loop does: in the present `blockOn`, or the next. If the runtime ends first the task still
  /// starts, cancelled, as those do that were spawned inside. It has the task-local values of `blockOn`'s caller.
  ///
  /// - Parameter name: What the task is called where tasks are listed.
  /// - Returns: The task's handle, which is of use on every thread; dropping it detaches the task.
  /// - Throws: `RuntimeEndedError` if the runtime has begun to end. Nothing was started then.
  /// - Complexity: O(1): an object, a push to the runtime's mailbox, and a system call if the runtime is parked.
  @discardableResult
  public func spawn<Success: Sendable>(
    name: StaticString? = nil,
    _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Success
  ) throws(RuntimeEndedError) -> RemoteTask<Success> {
    let work = RemoteWorkOf(loop, name, body)
    guard work.send() else { throw RuntimeEndedError() }
    return RemoteTask(work)
  }

  /// Ends the loop's wait in the kernel, if it waits: it has a turn. Nothing happens once the runtime has begun to end. Two system calls.
  public func wake() {
    _ = loop.services.spawnGate.pass { unsafe loop.mailbox.pointee.nudge() }
  }

  // MARK: Actors

  /// The runtime as the executor of an actor, which then runs on the runtime's thread:
  ///
  /// ```swift
  /// actor Book {
  ///   private let runtime: RuntimeHandle
  ///   init(on runtime: RuntimeHandle) { self.runtime = runtime }
  ///   nonisolated var unownedExecutor: UnownedSerialExecutor { runtime.unownedExecutor }
  /// }
  /// ```
  ///
  /// The actor keeps the handle, which keeps the executor. Tasks of the runtime call the actor without a change of thread,
  /// and everybody else by a wake. To call it once the runtime has ended is an error that traps.
  public var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  /// The runtime as the task executor of Swift tasks (`Task(executorPreference:)`, `withTaskExecutorPreference`), which
  /// then run on the runtime's thread. As with an actor, not once the runtime has ended.
  public var taskExecutor: any TaskExecutor { loop }
}

extension Runtime {
  /// The runtime for use from other threads.
  public var handle: RuntimeHandle { RuntimeHandle(loop) }
}
