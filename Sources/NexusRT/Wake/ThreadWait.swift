// One wait of a plain thread: the counterpart of Wait, with a futex where that has the run loop.

internal import CNexus
internal import Synchronization

/// One wait of the calling thread, which runs no runtime.
///
/// Used as `Wait` is: make it, register its token, look once more, then `park` or `giveUp`. The look must come after a
/// fence that the waker's side has a counterpart for; a lock that both take is one, and `nexus_heavy_fence` another.
@usableFromInline
@safe
package struct ThreadWait: ~Copyable {
  private let slot: SlotPointer
  private let word: UInt64

  /// Arms the calling thread. `operation` names the caller in the message of the trap on a runtime's thread, which
  /// would be blocked together with all of its tasks.
  @usableFromInline
  package init(for operation: StaticString) {
    if Runtime.isOnThisThread { ThreadWait.trapInRuntime(operation) }
    unsafe slot = ThreadSlots.mine
    let last = unsafe slot.pointee.state.load(ordering: .relaxed)
    word = SlotState.next(SlotState.armed, after: last)
    unsafe slot.pointee.state.store(word, ordering: .relaxed)
  }

  /// Names this wait: whoever holds the token may end it.
  @usableFromInline
  package var token: WakeToken {
    unsafe WakeToken(
      generation: word >> 32, mailbox: UInt32(MailboxTable.limit), slot: slot.pointee.index)
  }

  /// Sleeps until the token is woken or `deadline` comes. Never returns `cancelled`.
  @usableFromInline
  package consuming func park(until deadline: Deadline? = nil) -> WaitOutcome {
    let futex = unsafe ThreadSlots.futexWord(of: slot)
    while unsafe slot.pointee.state.load(ordering: .acquiring) == word {
      if let deadline {
        let isEarly = unsafe nexus_futex_wait_until(
          futex, UInt32(truncatingIfNeeded: SlotState.armed), deadline.nanoseconds)
        if !isEarly { return giveUp() ? .timedOut : .woken }
      } else {
        unsafe nexus_futex_wait(futex, UInt32(truncatingIfNeeded: SlotState.armed))
      }
    }
    return .woken
  }

  /// Ends the wait without sleeping.
  ///
  /// - Returns: false if somebody ended it before.
  @discardableResult
  @usableFromInline
  package consuming func giveUp() -> Bool {
    unsafe slot.pointee.state.compareExchange(
      expected: word, desired: SlotState.with(SlotState.idle, of: word), ordering: .acquiring
    ).exchanged
  }

  @inline(never)
  private static func trapInRuntime(_ operation: StaticString) -> Never {
    fatalError(
      "NexusRT: \(operation) was called on a runtime's thread, which it would block with all its tasks: await the asynchronous form there"
    )
  }
}
