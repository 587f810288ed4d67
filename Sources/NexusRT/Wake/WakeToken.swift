// A token names one wait of one task. Whoever holds it may wake the task out of that wait, once, from any thread.

internal import Synchronization

/// Names one wait of one task of a runtime.
///
/// A plain number: it may be copied, sent and kept for ever. Waking with a token whose wait is over, because it was
/// woken, cancelled or given up, or because its task or even its runtime has ended, does nothing.
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
  /// - Complexity: O(1), lock-free. One system call (an eventfd write) if the task's runtime is parked in the
  ///   kernel and this is another thread; otherwise none.
  ///
  /// Any thread. What the caller wrote before is visible to the task when it goes on.
  @discardableResult
  @inlinable
  public func wake() -> Bool {
    guard bits != 0 else { return false }
    return end(.woken)
  }

  @usableFromInline
  func end(_ reason: WakeReason) -> Bool {
    let place = UInt32(truncatingIfNeeded: bits)
    let mailbox = unsafe MailboxTable.mailbox(place >> 22)
    let slot = unsafe mailbox.pointee.slot(place & (Mailbox.slotLimit - 1))
    let wait = bits & ~SlotState.phaseMask
    // Whoever makes this exchange owns the slot until the loop takes it from the queue, and may write its reason and
    // its link. The release pairs with nothing here: the push that follows publishes.
    guard
      unsafe slot.pointee.state.compareExchange(
        expected: wait | SlotState.armed, desired: wait | SlotState.queued,
        ordering: .acquiringAndReleasing
      ).exchanged
    else {
      return unsafe reason == .cancelled && cancelInFlight(slot, wait, mailbox)
    }
    unsafe slot.pointee.reason = reason
    unsafe enqueue(slot, mailbox)
    return true
  }

  /// A wait for the kernel is not ended by its cancellation: the loop is asked to cancel the operation.
  private func cancelInFlight(_ slot: SlotPointer, _ wait: UInt64, _ mailbox: MailboxPointer) -> Bool {
    guard
      unsafe slot.pointee.state.compareExchange(
        expected: wait | SlotState.inFlight, desired: wait | SlotState.cancelQueued,
        ordering: .acquiringAndReleasing
      ).exchanged
    else { return false }
    unsafe enqueue(slot, mailbox)
    return true
  }

  @inline(__always)
  private func enqueue(_ slot: SlotPointer, _ mailbox: MailboxPointer) {
    let item = unsafe RunItem(slot: slot)
    if let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.mailbox == mailbox {
      unsafe loop.pointee.runQueue.push(item)
    } else {
      unsafe mailbox.pointee.push(item)
    }
  }
}
