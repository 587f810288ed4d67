// A token names one wait of one task. Whoever holds it may wake the task out of that wait, once, from any thread.

internal import CNexus
public import Synchronization

/// Names one wait of one task of a runtime, or of one plain thread.
///
/// A plain number: it may be copied, sent and kept for ever. Waking with a token whose wait is over, because it was
/// woken, cancelled or given up, or because its task, its thread or even its runtime has ended, does nothing.
@frozen
public struct WakeToken: Sendable, Equatable {
  /// Generation (32 bits), mailbox (10 bits), slot (22 bits). Never zero for a wait that began.
  @usableFromInline let bits: UInt64

  @inlinable @inline(__always)
  init(bits: UInt64) { self.bits = bits }

  /// What is stored where no wait is registered.
  @inlinable
  public static var none: WakeToken { WakeToken(bits: 0) }

  /// The token as a number, to be kept in an atomic; zero is `none`.
  @inlinable
  public var rawValue: UInt64 { bits }

  /// The token a number stands for. Only a number that `rawValue` gave may be used: it is not checked.
  @inlinable
  @unsafe public init(uncheckedRawValue: UInt64) { bits = uncheckedRawValue }

  @inlinable @inline(__always)
  init(generation: UInt64, mailbox: UInt32, slot: UInt32) {
    bits = (generation << 32) | UInt64(mailbox << 22 | slot)
  }

  /// Ends the wait this token names, if it still lasts.
  ///
  /// - Returns: Whether this call ended it.
  /// - Complexity: O(1), lock-free. One system call if the task's runtime is parked in the
  ///   kernel and this is another thread; otherwise none.
  ///
  /// Any thread. What the caller wrote before is visible to the task when it goes on.
  @discardableResult
  @inlinable
  public func wake() -> Bool {
    guard bits != 0 else { return false }
    return end(.woken)
  }

  /// Ends the wait this token names, if it still lasts, without letting the waiter go on yet: `resumeClaimed` does.
  ///
  /// In between, whoever claimed the wait may leave something for the waiter, under a lock that both take: of all who
  /// could end a wait, exactly one does.
  @inlinable @inline(__always)
  @discardableResult
  package func claim(_ reason: WaitOutcome = .woken) -> Bool {
    // Nobody's: a future that was polled to be polled again, not to be told.
    guard bits != 0 else { return false }
    let slot = unsafe self.slot
    let wait = bits & ~SlotState.phaseMask
    // Whoever makes this exchange owns the slot until the loop takes it from the queue, and may write its reason and
    // its link. The release pairs with nothing here: the push that follows publishes.
    guard
      unsafe slot.pointee.state.compareExchange(
        expected: wait | SlotState.armed, desired: wait | SlotState.queued,
        ordering: .acquiringAndReleasing
      ).exchanged
    else { return false }
    // Not of a thread: that may be in its next wait already, since it is no queue that lets it go on, but the exchange.
    if !isOfThread { unsafe slot.pointee.reason = reason }
    return true
  }

  /// Whether it is a plain thread that waits.
  @inlinable
  var isOfThread: Bool {
    @inline(__always) get { UInt32(truncatingIfNeeded: bits) >> 22 == UInt32(MailboxTable.limit) }
  }

  /// Lets the waiter of a wait that was claimed go on. To be called once, by the claimer, outside of its locks.
  @usableFromInline
  package func resumeClaimed() { unsafe enqueue(slot) }

  /// As `claim`, where the wait is known to be one of this thread's runtime: without an atomic read-modify-write if it is a
  /// local one.
  @inlinable @inline(__always)
  package func claimLocally() -> Bool {
    guard bits != 0 else { return false }
    let slot = unsafe self.slot
    let wait = bits & ~SlotState.phaseMask
    guard unsafe slot.pointee.state.load(ordering: .relaxed) == wait | SlotState.armedLocal else {
      return claim()
    }
    unsafe slot.pointee.state.store(wait | SlotState.queued, ordering: .relaxed)
    return true
  }

  /// As `resumeClaimed`, for a wait of this thread's runtime.
  @inlinable @inline(__always)
  package func resumeClaimedLocally() {
    let loop = unsafe LoopState.ofThisThread.unsafelyUnwrapped
    unsafe loop.pointee.runQueue.push(RunItem(slot: slot))
  }

  /// Ends the wait without waking anybody, for the waiter itself, which goes on; false if somebody ended it before.
  @inlinable
  package func retire() -> Bool {
    let wait = bits & ~SlotState.phaseMask
    return unsafe slot.pointee.state.compareExchange(
      expected: wait | SlotState.armed, desired: wait | SlotState.idle, ordering: .acquiring
    ).exchanged
  }

  /// Sees to it that a change of the words of `watch` ends this wait, though who changes them makes but a light fence before
  /// it looks for the token. To be called by the waiter; a last look at the words must follow.
  ///
  /// A task's loop looks at the words, and announces the token before it stops doing so; the words must stay valid
  /// until the wait is over or `unwatch` is called. For a thread the token is announced here, with a heavy fence.
  @usableFromInline
  package func watch(_ watch: WordWatch) {
    guard bits != 0 else { return }
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.mailbox == mailbox {
      unsafe loop.pointee.add(watch, self, slot)
    } else {
      watch.announce(self)
      nexus_heavy_fence()
    }
  }

  /// Takes the watch of `word` back. O(words watched), which are few.
  @usableFromInline
  package func unwatch(_ word: UnsafePointer<Atomic<UInt64>>) {
    guard bits != 0 else { return }
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.mailbox == mailbox {
      unsafe loop.pointee.watched.remove(word, of: slot)
    }
  }

  @inlinable
  var slot: SlotPointer {
    @inline(__always) get {
      let place = UInt32(truncatingIfNeeded: bits)
      return unsafe mailbox.pointee.slot(place & (Mailbox.slotLimit - 1))
    }
  }

  @inlinable
  var mailbox: MailboxPointer {
    @inline(__always) get { unsafe MailboxTable.mailbox(UInt32(truncatingIfNeeded: bits) >> 22) }
  }

  @usableFromInline
  func end(_ reason: WaitOutcome) -> Bool {
    guard claim(reason) else { return reason == .cancelled && cancelInFlight() }
    resumeClaimed()
    return true
  }

  /// A wait for the kernel is not ended by its cancellation: the loop is asked to cancel the operation.
  private func cancelInFlight() -> Bool {
    let slot = unsafe self.slot
    let wait = bits & ~SlotState.phaseMask
    guard
      unsafe slot.pointee.state.compareExchange(
        expected: wait | SlotState.inFlight, desired: wait | SlotState.cancelQueued,
        ordering: .acquiringAndReleasing
      ).exchanged
    else { return false }
    unsafe enqueue(slot)
    return true
  }

  private func enqueue(_ slot: SlotPointer) {
    let item = unsafe RunItem(slot: slot)
    let mailbox = unsafe self.mailbox
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.mailbox == mailbox {
      unsafe loop.pointee.runQueue.push(item)
    } else if unsafe mailbox.pointee.index == UInt32(MailboxTable.limit) {
      // Not by the slot's role: its thread may have ended since.
      unsafe ThreadSlots.unpark(slot)
    } else {
      unsafe mailbox.pointee.push(item)
    }
  }
}
