// The end of a task as something to wait for among other things.

/// The end of a task, for whoever holds its handle: what a select waits for. Not to outlive the handle.
@frozen
@safe
public struct _TaskEnd {
  @usableFromInline let body: BodyPointer

  /// Whether the task has ended.
  @inlinable
  package var hasCome: Bool { unsafe body.pointee.isFinished }

  /// Has the end of the task end the wait of `token`, a task of the same runtime.
  @usableFromInline
  package func register(_ token: WakeToken) { unsafe body.pointee.joiner = token.slot }

  /// Takes `register` back.
  @usableFromInline
  package func withdraw() { unsafe body.pointee.joiner = nil }

  @inlinable
  init(_ body: BodyPointer) { unsafe self.body = body }
}

extension JoinHandle where Success: ~Copyable {
  /// The end of the task. Traps on another thread than the runtime's.
  @inlinable
  package var _end: _TaskEnd {
    unsafe require(
      LoopState.current(for: "JoinHandle.ending()").pointee.threadID == body.pointee.threadID,
      "NexusRT: a JoinHandle was used on another runtime's thread")
    return unsafe _TaskEnd(body)
  }
}
