// The batch of a random schedule: the stepping mode (Schedule.swift).

internal import CNexus
internal import Synchronization

extension LoopState {
  /// As `runTasks`, with the entries in random order.
  static func runTasksRandomly(_ loop: LoopPointer, until body: BodyPointer?) {
    unsafe loop.pointee.nudge()
    var budget = unsafe loop.pointee.tasksPerTurn
    while budget > 0, let item = unsafe loop.pointee.pickRandomly() {
      budget -= 1
      unsafe runItem(item, loop)
      if let body = unsafe body, unsafe body.pointee.isFinished { break }
    }
    unsafe loop.pointee.counters.scheduleHash = loop.pointee.schedule!.hash
  }

  /// A random ready entry; nil if there is none, or the batch is to be cut short.
  private mutating func pickRandomly() -> RunItem? {
    while let item = runQueue.pop() { schedule!.ready.append(item) }
    if schedule!.ready.isEmpty || schedule!.cutsBatch() { return nil }
    return schedule!.pick()
  }

  /// Now and then ends some wait for no reason: every one but those for the kernel has to look again.
  private mutating func nudge() {
    guard let index = schedule!.nudge(of: slab.highest) else { return }
    let slot = unsafe mailbox.pointee.slot(index)
    // Only once the task is suspended in it: until then the wake would only be put back and back again.
    guard unsafe slot.pointee.suspension.context != nil else { return }
    unsafe wakeLocally(slot)
  }

  /// Puts what is ready back into the run queue: for whoever has to see all of it.
  mutating func gatherReady() {
    guard let ready = schedule?.ready, !ready.isEmpty else { return }
    schedule!.ready.removeAll(keepingCapacity: true)
    // What came to the queue since is newer.
    let newer = runQueue
    runQueue = RunQueue()
    for item in ready { runQueue.push(item) }
    var rest = newer
    while let item = rest.pop() { runQueue.push(item) }
  }
}
