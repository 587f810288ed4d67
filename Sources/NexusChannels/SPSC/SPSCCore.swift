// The ring of a channel with one sender and one receiver, and who of the two waits.
//
// Positions count up for ever; a value's place is its position modulo the ring's size, which is a power of two, while the
// capacity is what was asked for. Each side keeps what it last saw of the other's position (L. Lamport, "Specifying
// Concurrent Program Modules", 1983; the cached positions are from P. Lee et al., "A Lock-Free, Cache-Efficient
// Shared Ring Buffer", 2009).
//
// Who publishes (a value, or room) makes a light fence and looks for the other's token. Who waits has its loop watch the
// other's position, which announces the token before it stops to (WatchedWords), or on a thread announces it with a heavy
// fence; and looks once more. An end that leaves says so in its position's top bit, so that whoever watches it sees that.

public import NexusRT
public import Synchronization

/// One cache line pair: what two cores write is kept that far apart.
@usableFromInline
typealias Padding = (
  UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
  UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
)

/// The memory of one channel.
///
/// Invariants: `head <= tail <= head + capacity`; the values from `head` to `tail` are initialised, all else is not;
/// the sender alone writes `tail`, the receiver alone `head`.
@usableFromInline
@safe struct SPSCBlock<Element>: ~Copyable {
  @usableFromInline let buffer: UnsafeMutablePointer<Element>
  @usableFromInline let mask: UInt64
  @usableFromInline let capacity: UInt64
  /// Ends alive.
  @usableFromInline let ends = Atomic<Int>(2)
  /// Set by a receiver that left while the sender was alive: values from here on are the sender's to take back.
  @usableFromInline let abandonedAt = Atomic<UInt64>(.max)
  var padding0: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /// The next position to write; the top bit says that the sender is gone.
  @usableFromInline let tail = Atomic<UInt64>(0)
  /// The sender's: `head` as it last saw it.
  @usableFromInline var headSeen: UInt64 = 0
  var padding1: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /// The next position to read; the top bit says that the receiver is gone.
  @usableFromInline let head = Atomic<UInt64>(0)
  /// The receiver's: `tail` as it last saw it.
  @usableFromInline var tailSeen: UInt64 = 0
  /// The receiver's: `tailSeen` before the last look.
  @usableFromInline var lastLook: UInt64 = 0
  var padding2: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /// The token of the receiver's wait, 0 while it does not wait, `SPSCWords.left` once it is gone.
  @usableFromInline let receiver = Atomic<UInt64>(0)
  /// The token of the sender's wait, 0 while it does not wait.
  @usableFromInline let sender = Atomic<UInt64>(0)
  var padding3: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  @inlinable
  init(capacity: Int) {
    let size = max(1, capacity).roundedUpToPowerOfTwo
    unsafe buffer = .allocate(capacity: size)
    mask = UInt64(size - 1)
    self.capacity = UInt64(capacity)
  }
}

@usableFromInline
enum SPSCWords {
  /// In `tail`: the sender is gone. In `head`: the receiver is.
  @inlinable static var gone: UInt64 { 1 << 63 }
  /// In `receiver`: it is gone. No token: its generation would be zero.
  @inlinable static var left: UInt64 { 1 }
}

extension Int {
  @inlinable
  var roundedUpToPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}

@frozen
@safe
public struct SPSCCore<Element>: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutablePointer<SPSCBlock<Element>>

  @inlinable
  init(capacity: Int) {
    unsafe block = .allocate(capacity: 1)
    unsafe block.initialize(to: SPSCBlock(capacity: capacity))
  }

  @inlinable public static var isLocal: Bool { false }
  @inlinable public var capacity: Int? { unsafe Int(block.pointee.capacity) }

  /// Out of date as soon as it is known.
  @inlinable
  public var count: Int {
    let head = unsafe block.pointee.head.load(ordering: .acquiring) & ~SPSCWords.gone
    let tail = unsafe block.pointee.tail.load(ordering: .acquiring) & ~SPSCWords.gone
    return unsafe Int(min(tail &- head, block.pointee.capacity))
  }

  // Sound, all four: an atomic never moves out of the block, which lives as long as an end does.
  @inlinable
  var tailWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.tail) { unsafe $0 } }
  }
  @inlinable
  var headWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.head) { unsafe $0 } }
  }
  @inlinable
  var receiverWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.receiver) { unsafe $0 } }
  }
  @inlinable
  var senderWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.sender) { unsafe $0 } }
  }

  /// Called once by each end, last of all: the second one frees the memory.
  @inlinable
  func releaseBlock() {
    guard unsafe block.pointee.ends.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else {
      return
    }
    unsafe block.pointee.buffer.deallocate()
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }

  /// Wakes the waiter whose token is in `word`. A token that is out of date wakes nobody.
  @inlinable @inline(never)
  func wake(_ word: UnsafePointer<Atomic<UInt64>>) {
    let token = unsafe word.pointee.load(ordering: .acquiring)
    guard token > SPSCWords.left else { return }
    // Taken by whoever exchanges it, so that each wait is woken once.
    if unsafe word.pointee.compareExchange(expected: token, desired: 0, ordering: .acquiringAndReleasing)
      .exchanged
    {
      unsafe WakeToken(uncheckedRawValue: token).wake()
    }
  }
}
