// Waiting until no task is left, and saying which ones are if that takes too long.

internal import Synchronization

/// Why `quiesce` gave up.
public enum QuiesceError: Error, Equatable, CustomStringConvertible {
  /// The time was up, and these tasks were alive.
  case stillAlive([TaskReport])
  /// The task that waited was cancelled, or a scope it is in.
  case cancelled

  public var description: String {
    switch self {
    case .stillAlive(let tasks):
      "\(tasks.count) tasks were still alive: " + tasks.map(\.description).joined(separator: "; ")
    case .cancelled: "the wait for the runtime to become quiet was cancelled"
    }
  }
}

/// Waits until no spawned task of this runtime is alive but the calling one, and others that call this too.
///
/// Ends nothing: ask the tasks to end before, with `ShutdownHandle.request()` or a token.
///
/// - Throws: `QuiesceError.stillAlive` after `duration`, with what each task does that is still there.
/// - Complexity: O(1) and no allocation while it waits; O(tasks) for the report.
///
/// Traps outside a task of a runtime. To be called from a spawned task or the root: of a child task its parent stays alive.
/// Not seen are Swift tasks that nobody spawned here and that only run on this thread.
nonisolated(nonsending) public func quiesce(within duration: Duration) async throws(QuiesceError) {
  let deadline = Deadline.after(duration)
  while true {
    let loop = unsafe LoopState.current(for: "quiesce")
    if unsafe loop.pointee.slab.bodies <= loop.pointee.quiescers.count + 1 { return }
    let wait = Wait(localFor: "quiesce")
    let token = wait.token
    unsafe loop.pointee.quiescers.append(token)
    let outcome = await wait.suspend(until: deadline)
    unsafe loop.pointee.quiescers.removeAll { $0 == token }
    if outcome == .cancelled { throw .cancelled }
    if outcome == .timedOut {
      let slot = unsafe loop.pointee.currentSlot("quiesce")
      let reports = unsafe loop.pointee.reports(except: slot)
      if !reports.isEmpty { throw .stillAlive(reports) }
    }
  }
}

extension Runtime {
  /// Runs the loop until no task is alive.
  ///
  /// As `quiesce(within:)` in a task; this one is called outside of `blockOn`, on the runtime's thread.
  ///
  /// - Throws: `QuiesceError.stillAlive` after `duration`.
  public borrowing func quiesce(within duration: Duration) throws(QuiesceError) {
    let state = unsafe loop.state!
    require(
      loop.isOnThread,
      "NexusRT: a runtime was used on a thread that did not make it: make one runtime a thread")
    require(
      unsafe !state.pointee.isRunning,
      "NexusRT: Runtime.quiesce was called inside a task of the runtime: await quiesce(within:) there")
    unsafe state.pointee.isRunning = true
    defer { unsafe state.pointee.isRunning = false }
    // Real time, also if the clock of the runtime's tasks is moved by hand.
    let deadline = Monotonic.now() &+ duration.clampedNanoseconds
    var alive: [TaskReport] = []
    loop.runAsJob {
      while unsafe state.pointee.slab.bodies > 0 && Monotonic.now() < deadline {
        unsafe LoopState.runTasks(state, until: nil)
        let mayPark = unsafe state.pointee.slab.bodies > 0
        unsafe LoopState.turn(state, mayPark: mayPark, deadline: deadline)
      }
      if unsafe state.pointee.slab.bodies > 0 { alive = unsafe state.pointee.reports(except: nil) }
    }
    if !alive.isEmpty { throw .stillAlive(alive) }
  }

  /// What each task that is alive does. On the runtime's thread, outside of `blockOn`. O(tasks).
  public borrowing func taskReports() -> [TaskReport] {
    require(loop.isOnThread, "NexusRT: a runtime was used on a thread that did not make it")
    return unsafe loop.state.pointee.reports(except: nil)
  }
}

extension LoopState {
  /// Wakes those who wait until no other task is alive, if that is so.
  mutating func wakeQuiescers() {
    guard slab.bodies <= quiescers.count else { return }
    for token in quiescers { unsafe wakeLocally(token.slot) }
  }

  /// Takes what came from other threads out of the mailbox, and has the messages of it delivered: those who sent them were told
  /// that it will happen. Before the loop runs down, and after nobody can send any more.
  static func startWhatWasSent(_ loop: LoopPointer) {
    unsafe loop.pointee.gatherReady()
    let arrived = unsafe loop.pointee.mailbox.pointee.takeAll(into: &loop.pointee.runQueue)
    unsafe loop.pointee.counters.foreignWakes &+= UInt64(arrived)
    var others = RunQueue()
    while let item = unsafe loop.pointee.runQueue.pop() {
      if item.isJob && item.isMessage {
        unsafe runItem(item, loop)
      } else {
        others.push(item)
      }
    }
    unsafe loop.pointee.runQueue = others
  }

  /// Runs what the Swift runtime has enqueued and no task of ours is behind, until there is no more, or until `deadline`. After
  /// nobody can enqueue any more.
  ///
  /// - Returns: How many entries are left.
  static func runWhatIsLeft(_ loop: LoopPointer, deadline: UInt64) -> Int {
    _ = unsafe loop.pointee.mailbox.pointee.takeAll(into: &loop.pointee.runQueue)
    while let item = unsafe loop.pointee.runQueue.pop() {
      unsafe runItem(item, loop)
      if Monotonic.now() >= deadline { break }
    }
    var left = 0
    while unsafe loop.pointee.runQueue.pop() != nil { left += 1 }
    return left
  }
}
