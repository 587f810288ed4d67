// What a task does at the moment, for those who wonder why it is still alive.

internal import CNexus
internal import Synchronization

/// One task that is alive.
public struct TaskReport: Sendable, Equatable, CustomStringConvertible {
  public enum Activity: Sendable, Equatable {
    /// It was spawned and has not run yet.
    case neverStarted
    /// It is in the run queue, or runs.
    case ready
    /// It waits for something of a runtime: the name of the operation (`JoinHandle.value()`, `sleep`, `receive`, ...).
    case waiting(operation: String)
    /// It waits for the kernel to complete an operation: its name (`read`, `accept`, ...).
    case inKernel(operation: String)
    /// It waits for something that is none of the runtime's: another actor, its child tasks, `Task.sleep`; or the Swift
    /// runtime has it in hand, as it has a ready task that suspends the portable way.
    case elsewhere
  }

  /// The task's name, if it was given one.
  public let name: String?
  /// The task's place in the runtime, which another has after it.
  public let index: Int
  public let activity: Activity
  /// Whether it was cancelled.
  public let isCancelled: Bool
  /// Whether it is a child task (`async let`, a task group) that waits, and not one that was spawned.
  public let isChild: Bool

  public var description: String {
    var text = isChild ? "a child task" : "task \(index)"
    if let name { text += " '\(name)'" }
    if isCancelled { text += " (cancelled)" }
    switch activity {
    case .neverStarted: text += " never started"
    case .ready: text += " is ready to run"
    case .waiting(let operation): text += " waits: \(operation)"
    case .inKernel(let operation): text += " waits for the kernel: \(operation)"
    case .elsewhere: text += " waits for something outside of the runtime"
    }
    return text
  }
}

extension LoopState {
  /// All tasks that are alive but for that of `slot`: spawned ones, and child tasks that wait here.
  func reports(except slot: SlotPointer?) -> [TaskReport] {
    var reports: [TaskReport] = []
    for index in 0..<slab.highest {
      let other = unsafe mailbox.pointee.slot(index)
      if unsafe other != slot, let report = unsafe report(of: other) { reports.append(report) }
    }
    return reports
  }

  private func report(of slot: SlotPointer) -> TaskReport? {
    let role = unsafe slot.pointee.role
    guard role == .guest ? unsafe slot.pointee.suspension.task != nil : unsafe slot.pointee.body != nil
    else { return nil }
    // A token of an earlier life may name the slot, but it does not move its phase.
    let phase = unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask
    let activity: TaskReport.Activity
    if let body = unsafe slot.pointee.body, unsafe !body.pointee.hasStarted {
      activity = .neverStarted
    } else {
      switch phase {
      case SlotState.armed, SlotState.armedLocal:
        activity = unsafe .waiting(operation: slot.pointee.operationName)
      case SlotState.inFlight, SlotState.cancelQueued, SlotState.cancelling:
        activity = unsafe .inKernel(operation: slot.pointee.operationName)
      case SlotState.queued: activity = .ready
      default:
        // A child task lends its slot for the time of a wait, or of a scope.
        if role == .guest { return nil }
        let isRunning = unsafe slot.pointee.suspension.task == currentTask()
        activity = isRunning ? .ready : .elsewhere
      }
    }
    let name = unsafe slot.pointee.body?.pointee.nameText
    return unsafe TaskReport(
      name: name, index: Int(slot.pointee.index), activity: activity,
      isCancelled: slot.pointee.cancellations != 0, isChild: role == .guest)
  }
}

extension TaskSlot {
  /// The operation of the last wait.
  var operationName: String {
    guard let operation = unsafe operation else { return "an operation" }
    return unsafe String(cString: operation)
  }
}
