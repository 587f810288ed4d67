// The ring of a channel within one runtime, and who waits at it. Nothing here is atomic: one thread uses it.

public import NexusRT

/// The memory of one channel.
///
/// Invariants: `head <= tail <= head + capacity - reserved`, if no permit is out; the values from `head` to `tail` are
/// initialised, all else is not. Senders wait only while there is no room, and the receiver only while there is no value.
/// `limit` is `capacity - reserved`, or `.min` while senders wait or the receiver is gone: so that the fast path makes one
/// comparison.
@usableFromInline
@safe struct LocalBlock<Element>: ~Copyable {
  @usableFromInline let buffer: UnsafeMutablePointer<Element>
  @usableFromInline let mask: Int
  @usableFromInline let capacity: Int
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  @usableFromInline var limit: Int
  /// Room set aside for permits.
  @usableFromInline var reserved = 0
  @usableFromInline var hasReceiver = true
  @usableFromInline var senders = 1
  /// Ends alive, weak ones included: the last one frees the memory.
  @usableFromInline var handles = 2
  /// The receiver's wait.
  @usableFromInline var receiver = WakeToken.none
  @usableFromInline var waiting = WaitQueue<_Deposit<Element>>()

  @inlinable
  init(capacity: Int) {
    let size = capacity.roundedUpToPowerOfTwo
    unsafe buffer = .allocate(capacity: size)
    mask = size - 1
    self.capacity = capacity
    limit = capacity
  }

  @inlinable
  mutating func updateLimit() {
    limit = waiting.isEmpty && hasReceiver ? capacity - reserved : .min
  }
}

@frozen
@safe
public struct LocalCore<Element>: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutablePointer<LocalBlock<Element>>

  @inlinable
  init(capacity: Int) {
    unsafe block = .allocate(capacity: 1)
    unsafe block.initialize(to: LocalBlock(capacity: capacity))
  }

  @inlinable public static var isLocal: Bool { true }
  @inlinable public var capacity: Int? { unsafe block.pointee.capacity }
  @inlinable public var count: Int { unsafe block.pointee.tail - block.pointee.head }

  @inlinable
  func retain() { unsafe block.pointee.handles += 1 }

  /// Called once by each end, last of all.
  @inlinable
  func releaseHandle() {
    unsafe block.pointee.handles -= 1
    if unsafe block.pointee.handles > 0 { return }
    unsafe block.pointee.buffer.deallocate()
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }

  /// Ends a wait, if it still lasts.
  @inlinable @inline(__always)
  func wake(_ token: WakeToken) {
    if token.claimLocally() { token.resumeClaimedLocally() }
  }
}
