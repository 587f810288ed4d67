// A many-to-many channel: one lock, a queue of values, and three queues of those who wait.
//
// A value goes to whoever waits for one, directly: the waiter's wait is claimed, and the value is left in its node; so every
// value wakes one receiver, in the order in which they came, and none can be overtaken. A sender that waits leaves its value in
// its node, from where receivers take it. Whoever ends a wait (a peer, a deadline, a cancellation, another arm of a select)
// does so by the one exchange of the wait's state, so exactly one does, and the value is on one side of it.
//
// A future that was polled is not parked in its wait and may never be looked at again: nothing is left with it. It is told
// that there is something, once nobody else waits, and takes that itself; if it goes instead, it tells the next.
//
// Under the lock values are moved and waits are claimed. Waits are resumed, and values deinitialised, after it.

public import NexusRT
public import Synchronization

/// Rules of a channel about closing.
@frozen
public enum CloseRule: Sendable {
  /// A send on a closed channel throws `SendError.closed` with the value; closing twice is allowed.
  case errors
  /// As in Go: a send on a closed channel, and closing one twice, are programming errors and trap.
  case traps
}

/// The state of one channel.
///
/// Invariants, whenever the lock is free:
/// - **Nobody waits in vain**: receivers are parked only while `values` is empty and no sender with a value is parked;
///   senders only while there is no room.
/// - `values.count + reserved <= capacity`, but for a value whose receiver left a rendezvous after it was reserved for.
@usableFromInline
@safe struct MPMCBlock<Element>: ~Copyable {
  /// Never touched. The thread sanitizer takes a change of any field for one of the block's first bytes: with the lock there
  /// it reports whoever asks for the lock meanwhile.
  private let base: UInt64 = 0
  @usableFromInline let lock = SpinLock()
  @usableFromInline var isClosed = false
  /// Closed by a call, and not only because the last end of a side went.
  @usableFromInline var isClosedByUser = false
  @usableFromInline let rule: CloseRule
  /// 0 for a rendezvous, `Int.max` without bound.
  @usableFromInline let capacity: Int
  @usableFromInline var reserved = 0
  @usableFromInline var values = RingDeque<Element>()
  /// Parked receivers; their load is what they were given.
  @usableFromInline var receivers = WaitQueue<Element>()
  /// Senders, parked or futures; their load is what they brought.
  @usableFromInline var senders = WaitQueue<_Deposit<Element>>()
  /// Futures that want to be told that there is something to receive.
  @usableFromInline var futures = WaitQueue<Void>()
  /// Changed under the lock, read without it.
  @usableFromInline let version = Atomic<UInt64>(0)
  @usableFromInline let senderCount = Atomic<Int>(1)
  @usableFromInline let receiverCount = Atomic<Int>(1)
  /// Ends alive, weak ones included: the last one frees the memory.
  @usableFromInline let handles = Atomic<Int>(2)

  @inlinable
  init(capacity: Int, rule: CloseRule) {
    self.capacity = capacity
    self.rule = rule
  }

  /// Says that others may see another state now. Under the lock.
  @inlinable @inline(__always)
  mutating func changed() {
    version.store(version.load(ordering: .relaxed) &+ 1, ordering: .releasing)
  }
}

@frozen
@safe
public struct MPMCCore<Element>: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutablePointer<MPMCBlock<Element>>

  @inlinable
  init(capacity: Int, rule: CloseRule) {
    unsafe block = .allocate(capacity: 1)
    unsafe block.initialize(to: MPMCBlock(capacity: capacity, rule: rule))
  }

  @inlinable public static var isLocal: Bool { false }

  @inlinable
  public var capacity: Int? { unsafe block.pointee.capacity == .max ? nil : block.pointee.capacity }

  @inlinable
  public var count: Int { unsafe withLock { block in unsafe block.pointee.values.count } }

  @inlinable
  public var isClosedForSending: Bool { unsafe withLock { block in unsafe block.pointee.isClosed } }
  @inlinable
  public var isClosedForReceiving: Bool { isClosedForSending }

  @inlinable
  public var receiveVersion: UInt64 { unsafe block.pointee.version.load(ordering: .acquiring) }
  @inlinable
  public var sendVersion: UInt64 { receiveVersion }

  @inlinable @inline(__always)
  func withLock<Result>(_ body: (UnsafeMutablePointer<MPMCBlock<Element>>) -> Result) -> Result {
    unsafe block.pointee.lock.lock()
    defer { unsafe block.pointee.lock.unlock() }
    return unsafe body(block)
  }

  // MARK: Closing

  /// Closes the channel: wakes everybody who waits. Values that were sent stay, to be received.
  ///
  /// - Returns: Whether it was open.
  @inlinable
  @discardableResult
  func close() -> Bool {
    let wasOpen = unsafe withLock { block in
      let wasOpen = unsafe !block.pointee.isClosed
      unsafe block.pointee.isClosed = true
      unsafe block.pointee.changed()
      return wasOpen
    }
    while wakeSome() {}
    return wasOpen
  }

  /// Wakes some of those who wait at a closed channel; false when nobody is left.
  @inlinable
  func wakeSome() -> Bool {
    var wakes = WakeList()
    var isDone = false
    unsafe withLock { block in
      while !wakes.isFull {
        let token: WakeToken
        if unsafe !block.pointee.receivers.isEmpty {
          let first = unsafe block.pointee.receivers.first
          token = unsafe block.pointee.receivers.nodes[first].token
          unsafe block.pointee.receivers.pass(first)
        } else if unsafe !block.pointee.senders.isEmpty {
          let first = unsafe block.pointee.senders.first
          token = unsafe block.pointee.senders.nodes[first].token
          unsafe block.pointee.senders.pass(first)
        } else if unsafe !block.pointee.futures.isEmpty {
          let first = unsafe block.pointee.futures.first
          token = unsafe block.pointee.futures.nodes[first].token
          unsafe block.pointee.futures.pass(first)
        } else {
          isDone = true
          break
        }
        if token.claim() { wakes.append(token) }
      }
    }
    wakes.resumeAll()
    return !isDone
  }

  /// A sender leaves: the last one closes the channel.
  @inlinable
  func closeSender() {
    if unsafe block.pointee.senderCount.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      close()
    }
    releaseHandle()
  }

  /// A receiver leaves: the last one closes the channel, and what was not received is deinitialised.
  @inlinable
  func closeReceiver() {
    if unsafe block.pointee.receiverCount.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      close()
      discardValues()
    }
    releaseHandle()
  }

  @inlinable
  func discardValues() {
    while true {
      // Out of the lock with each before it is deinitialised: its deinit may use the channel.
      let value: Element? = unsafe withLock { block in
        unsafe block.pointee.values.count > 0 ? block.pointee.values.removeFirst() : nil
      }
      if value == nil { return }
    }
  }

  /// Called once by each end, last of all.
  @inlinable
  func releaseHandle() {
    guard unsafe block.pointee.handles.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else {
      return
    }
    // A value can be left by a permit that was used after the last receiver had looked.
    discardValues()
    unsafe block.pointee.values.free()
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }

  @inlinable
  func addSender() {
    unsafe block.pointee.senderCount.add(1, ordering: .relaxed)
    unsafe block.pointee.handles.add(1, ordering: .relaxed)
  }

  @inlinable
  func addReceiver() {
    unsafe block.pointee.receiverCount.add(1, ordering: .relaxed)
    unsafe block.pointee.handles.add(1, ordering: .relaxed)
  }

  /// One more handle of a side, unless none is left of it.
  @inlinable
  func addIfAny(_ count: borrowing Atomic<Int>) -> Bool {
    guard count.addIfAny() else { return false }
    unsafe block.pointee.handles.add(1, ordering: .relaxed)
    return true
  }
}
