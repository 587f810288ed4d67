// The loop's beginning and end: the start-up check, the root task of a blockOn, and the end of a runtime.

internal import CNexus
internal import Glibc

extension Loop {
  /// Runs `action` as a job on this executor, on this thread, now.
  ///
  /// The loop runs inside such a job so that the Swift runtime's record of the current executor is in place, and so that
  /// a live task is current around every task that it resumes.
  func runAsJob(isInheriting: Bool = false, _ action: @escaping () -> Void) {
    let state = unsafe self.state!
    // What is ready must wait for the loop that this job is to run.
    let waiting = unsafe state.pointee.runQueue
    unsafe state.pointee.runQueue = RunQueue()
    let job = LoopJob {
      unsafe state.pointee.runQueue = waiting
      action()
    }
    let actor = unsafe self.actor!
    if isInheriting {
      Task(executorPreference: self) { await job.run(isolation: actor) }
    } else {
      Task.detached(executorPreference: self) { await job.run(isolation: actor) }
    }
    runJobs(until: job)
  }

  private func run(_ item: RunItem) {
    unsafe item.job.runSynchronously(
      isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
  }

  private func runJobs(until job: LoopJob) {
    while !job.hasRun, let item = unsafe state.pointee.runQueue.pop() { run(item) }
    require(job.hasRun, "NexusRT: the loop's own job did not run on the thread that made it")
  }

  /// What `runAsJob` runs. Unchecked: it is made, run and dropped on the loop's thread.
  private final class LoopJob: @unchecked Sendable {
    private let action: () -> Void
    private(set) var hasRun = false
    init(_ action: @escaping () -> Void) { self.action = action }

    func run(isolation: isolated LoopActor) {
      let accesses = unsafe nexus_accesses_set_aside()
      action()
      unsafe nexus_accesses_put_back(accesses)
      hasRun = true
    }
  }

  // MARK: Beginning

  /// Chooses how tasks suspend: what was asked for if it can be had, or the fastest that passes the check.
  func settleSuspension(_ configuration: Configuration) {
    let state = unsafe self.state!
    runAsJob { unsafe state.pointee.taskLocalsWord = TaskLocals.wordIndex }
    runAsJob { unsafe state.pointee.cancelBit = TaskCancelBit.bit }
    var wanted = configuration.suspension
    let asked = unsafe getenv("NEXUS_SUSPENSION").map { unsafe String(cString: $0) } ?? ""
    if wanted == nil, !asked.isEmpty {
      wanted = SuspensionWay(rawValue: asked)
      require(
        wanted != nil,
        "NexusRT: the environment variable NEXUS_SUSPENSION is '\(asked)': it must be direct, switch or continuation"
      )
    }
    switch wanted {
    case .continuation: unsafe state.pointee.way = NEXUS_WAY_CONTINUATION
    case .switch: unsafe state.pointee.way = NEXUS_WAY_SWITCH
    case .direct, nil:
      nonisolated(unsafe) var objection: String?
      runAsJob {
        if let text = unsafe nexus_thread_prepare() { unsafe objection = String(cString: text) }
      }
      unsafe suspensionNote = unsafe objection
      if unsafe objection == nil {
        unsafe state.pointee.way = NEXUS_WAY_DIRECT
        unsafe LoopState.settleResidents(state)
      } else {
        // ThreadSanitizer follows tasks through public entry points alone.
        unsafe state.pointee.way =
          nexus_built_with_thread_sanitizer() ? NEXUS_WAY_CONTINUATION : NEXUS_WAY_SWITCH
      }
    }
  }

  /// Makes what the configuration wants to be there before the first task.
  func prepare(_ configuration: Configuration) {
    guard let slab = configuration.slab else { return }
    require(
      slab.slots >= 1 && slab.bytesPerSlot >= SlabSize.least,
      "NexusRT: Configuration.slab needs one slot at least, and \(SlabSize.least) bytes in each")
    let state = unsafe self.state!
    unsafe state.pointee.bodyPool.makeSlab(slab)
    // One more for the root task.
    runAsJob { unsafe LoopState.prepareResidents(slab.slots + 1, state) }
  }

  // MARK: Root tasks

  func runRoot<Success: ~Copyable>(
    _ body: nonisolated(nonsending) @escaping () async throws -> Success, busy: Bool
  ) throws -> Success {
    let state = unsafe self.state!
    require(
      isOnThread, "NexusRT: a runtime was used on a thread that did not make it: make one runtime a thread")
    require(
      unsafe !state.pointee.isRunning,
      "NexusRT: blockOn was called inside a task of the runtime: await there, or spawnBoxed")
    unsafe state.pointee.isRunning = true
    unsafe state.pointee.idle.isBusyCall = busy
    // Time has passed since the last turn.
    unsafe state.pointee.clock.forget()
    defer {
      unsafe state.pointee.isRunning = false
      unsafe state.pointee.idle.isBusyCall = false
    }
    nonisolated(unsafe) var result: Result<Success, any Error>?
    // The root task inherits the task-local values of whoever calls blockOn.
    runAsJob(isInheriting: true) {
      let root = spawnBoxed { unsafe result = .success(try await body()) }
      unsafe LoopState.run(state, until: root.body)
      if let error = unsafe root.body.pointee.error { unsafe result = .failure(error) }
    }
    return try unsafe result.take()!.get()
  }

  // MARK: End

  /// Cancels every task, runs the loop until they have ended, and gives everything back.
  func end() {
    require(isOnThread, "NexusRT: a runtime must end on the thread that made it")
    let state = unsafe self.state!
    require(unsafe !state.pointee.isRunning, "NexusRT: a runtime can not end inside one of its tasks")
    unsafe state.pointee.isRunning = true
    let deadline = unsafe Monotonic.now() &+ state.pointee.endTimeout
    services.spawnGate.close()
    runAsJob {
      unsafe state.pointee.isEnding = true
      unsafe LoopState.startWhatWasSent(state)
      unsafe LoopState.runDown(state, deadline: deadline)
    }
    services.blocking.end(deadline: deadline)
    guard unsafe state.pointee.slab.residents == 0 && state.pointee.slab.guests == 0 else {
      // Their frames can not be torn down from outside, and may yet be resumed: everything they use must stay.
      let message =
        unsafe "NexusRT: a runtime ended while \(state.pointee.slab.bodies) of its tasks ignored their cancellation for \(state.pointee.endTimeout / 1_000_000) ms: they will never run again, and their memory is not freed\n"
      _ = unsafe message.utf8CString.withUnsafeBufferPointer { unsafe write(2, $0.baseAddress, $0.count - 1) }
      unsafe RemoteWork.giveUpAll(state)
      services.statistics.end(unsafe FinalCounters(state, wakesNotDelivered: 0))
      nexus_thread_forget_runtime()
      services.restoreThread()
      _ = unsafe Unmanaged.passRetained(self)
      return
    }
    services.jobGate.close()
    var notDelivered = 0
    if unsafe mailbox.pointee.hasEntries || !state.pointee.runQueue.isEmpty {
      runAsJob { notDelivered = unsafe LoopState.runWhatIsLeft(state, deadline: deadline) }
    }
    services.statistics.end(unsafe FinalCounters(state, wakesNotDelivered: notDelivered))
    dismantle()
  }
}
