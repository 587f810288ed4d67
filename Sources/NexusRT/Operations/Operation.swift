// One operation of the kernel, from its preparation to its completion.

internal import CNexus
internal import CURing
internal import Glibc
internal import Synchronization

enum Operation {
  /// Hands an operation to the ring and waits until the kernel has completed it.
  ///
  /// What the entry points to must stay valid until this returns; it does not return before the kernel is done with it,
  /// also when the task, or a scope it is in, is cancelled: then the kernel is asked to cancel the operation, and
  /// whatever it completes with counts. A task that was cancelled before does not begin. An operation that a signal interrupted begins
  /// anew.
  ///
  /// - Parameters:
  ///   - isAttempt: Does what can be done at once, also for a task that was cancelled, and ends as cancelled if that is
  ///     nothing: the operation's own cancellation is submitted right behind it.
  ///   - isRepeatable: Whether an operation that was interrupted has done nothing.
  /// - Returns: The kernel's result, not negative.
  @inline(__always)
  nonisolated(nonsending) static func perform(
    _ name: StaticString, isAttempt: Bool = false, isRepeatable: Bool = true,
    _ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void
  ) async throws(IOError) -> Int {
    while true {
      let loop = unsafe LoopState.current(for: name)
      let slot = unsafe loop.pointee.currentSlot(name)
      // A wake that was sent to a wait given up before can still hold the slot: it would pass for a completion.
      while unsafe slot.pointee.state.load(ordering: .relaxed) & SlotState.phaseMask != SlotState.idle {
        unsafe await Suspension.suspend(slot, loop)
      }
      var result = -ECANCELED
      let mayBegin = unsafe isAttempt || !loop.pointee.isCancelled(slot)
      if mayBegin {
        let word = unsafe slot.pointee.state.load(ordering: .relaxed)
        unsafe slot.pointee.state.store(SlotState.next(SlotState.inFlight, after: word), ordering: .relaxed)
        unsafe slot.pointee.operation = name.utf8Start
        unsafe loop.pointee.reactor.prepare(for: slot, prepare)
        // The kernel tries an operation when it takes the entry, before it looks at the next.
        if isAttempt { unsafe loop.pointee.reactor.prepareCancel(of: slot) }
        if unsafe slot.pointee.role == .resident {
          unsafe await Suspension.suspend(slot, loop)
        } else {
          unsafe await Wait.suspendGuest(slot, loop)
        }
        result = unsafe slot.pointee.result
      }
      if unsafe slot.pointee.role == .guest { unsafe loop.pointee.releaseGuest(slot) }
      if result == -EINTR && isRepeatable { continue }
      guard result >= 0 else { throw IOError(operation: name.description, code: -result) }
      return Int(result)
    }
  }
}
