// A task by its number: for whoever wants to cancel or to ask about a task and does not own its handle.

internal import CNexus
internal import Synchronization

/// Names one task that was spawned. A number, which may be copied and kept for ever by tasks of the same runtime: once the
/// task has ended it does nothing.
@frozen
public struct TaskRef: Equatable {
  /// The slot of the resident that runs the task.
  @usableFromInline let slot: UInt32
  @usableFromInline let serial: UInt64

  @inlinable
  init(_ body: BodyPointer) {
    unsafe slot = body.pointee.slot?.pointee.index ?? 0
    unsafe serial = body.pointee.serial
  }

  /// Cancels the task, as `JoinHandle.cancel()`. Nothing happens if it has ended, or on another thread than its runtime's.
  public func cancel() {
    if let body = unsafe body { unsafe TaskBody.cancel(body) }
  }

  /// Whether the task has not ended. False on another thread than its runtime's.
  public var isAlive: Bool { unsafe body != nil }

  /// What the task is called; nil if it has no name, or has ended.
  public var name: String? { unsafe body?.pointee.nameText }

  /// The task's body while it has not ended.
  private var body: BodyPointer? {
    guard let loop = unsafe LoopState.ofThisThread, unsafe slot < loop.pointee.slab.highest,
      let body = unsafe loop.pointee.mailbox.pointee.slot(slot).pointee.body,
      unsafe body.pointee.serial == serial
    else { return nil }
    return unsafe body
  }
}

@available(*, unavailable)
extension TaskRef: Sendable {}

extension JoinHandle where Success: ~Copyable {
  /// The task's number, for others to cancel it by. O(1).
  @inlinable
  public var ref: TaskRef { unsafe TaskRef(body) }
}

/// What the current task was called when it was spawned; nil if it has no name, and in child tasks.
public func taskName() -> String? {
  guard let loop = unsafe LoopState.ofThisThread, let task = unsafe loop.pointee.currentTask() else {
    return nil
  }
  return unsafe loop.pointee.knownSlot(of: task)?.pointee.body?.pointee.nameText
}

extension LoopState {
  @inlinable @inline(__always)
  mutating func nextSerial() -> UInt64 {
    lastSerial &+= 1
    return lastSerial
  }

  private static let seriesMade = Atomic<UInt64>(0)

  /// Where a new series of serials begins, of one runtime's tasks or scopes: far from every other of the process.
  static func firstSerial() -> UInt64 { seriesMade.wrappingAdd(1, ordering: .relaxed).newValue << 40 }
}
