// The ring of a channel with many senders and one receiver, and who waits at it.
//
// Positions count up; a value's place is its position modulo the ring's size, a power of two. A sender claims a position with
// one compare-exchange on `claims`, which holds the next position, the room set aside for permits, and whether the channel is
// closed: one word decides all three, so nothing is ever sent into a channel that has been closed. It writes the value
// and then the place's stamp, which tells the receiver that the value of that position is there. (D. Vyukov, "Bounded MPMC
// queue", 2010, has the stamps; here they only publish. That there is room is known from the receiver's `head`.)
//
// How waits meet publishers: see SPSCCore.swift. The receiver watches the stamp it waits for, and `isDeserted`; senders that
// wait stand in a queue under a lock, with their values, and watch `head`.

public import NexusRT
public import Synchronization

/// How a place of the ring is laid out: its stamp, then its value, so that both are on one cache line as a rule.
///
/// The stamp is the position of the value that is here, and one; or that of an earlier one; or 0.
@usableFromInline
enum MPSCPlace<Element> {
  @inlinable @inline(__always)
  static var valueOffset: Int { max(8, MemoryLayout<Element>.alignment) }
  @inlinable @inline(__always)
  static var alignment: Int { valueOffset }
  @inlinable @inline(__always)
  static var stride: Int { (valueOffset + MemoryLayout<Element>.size + alignment - 1) & ~(alignment - 1) }
}

/// The word senders contend for: position (43 bits), closed (1), room set aside (20).
@usableFromInline
enum MPSCClaims {
  @inlinable static var step: UInt64 { 1 << 21 }
  @inlinable static var closed: UInt64 { 1 << 20 }
  @inlinable static var mostReserved: UInt64 { (1 << 20) - 1 }
  /// Positions wrap here; at a hundred million values a second that is after a day.
  @inlinable static var positionMask: UInt64 { (1 << 43) - 1 }

  @inlinable @inline(__always)
  static func position(_ word: UInt64) -> UInt64 { word >> 21 }
  @inlinable @inline(__always)
  static func reserved(_ word: UInt64) -> UInt64 { word & mostReserved }
}

/// Whose watch of `head` those rely on who wait behind.
@usableFromInline
enum MPSCWatcher: Equatable {
  /// Nobody's: the next to wait watches.
  case nobody
  /// The watch of the one with this node.
  case node(Int)
  /// Nobody's any more: a heavy fence has been made, or is about to be, since the first came to wait.
  case fence
}

/// The memory of one channel.
///
/// Invariants: from `head` to the position in `claims` there are at most `capacity - reserved` values; the receiver alone
/// writes `head`; `waitingCount` is the queue's count.
@usableFromInline
@safe struct MPSCBlock<Element>: ~Copyable {
  /// Never touched. The thread sanitizer takes a change of any field for one of the block's first bytes: with `places` there
  /// it reports whoever reads that meanwhile.
  private let base: UInt64 = 0
  /// `MPSCPlace`s. Sound in all uses: positions are masked, stamps are always initialised, and a value is exactly
  /// while its position is claimed, stamped and not yet received.
  @usableFromInline let places: UnsafeMutableRawPointer
  @usableFromInline let mask: UInt64
  @usableFromInline let capacity: UInt64
  @usableFromInline let senders = Atomic<Int>(1)
  /// Ends alive, weak ones included: the last one frees the memory.
  @usableFromInline let handles = Atomic<Int>(2)
  /// 1 once the last sender has gone.
  @usableFromInline let isDeserted = Atomic<UInt64>(0)
  var padding0: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  @usableFromInline let claims = Atomic<UInt64>(0)
  /// `head` as some sender last saw it: so that the receiver's line is left alone most of the time.
  @usableFromInline let headSeen = Atomic<UInt64>(0)
  var padding1: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /// The next position to read.
  @usableFromInline let head = Atomic<UInt64>(0)
  var padding2: Padding = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /// The token of the receiver's wait, 0 while it does not wait or its loop watches for it.
  @usableFromInline let receiver = Atomic<UInt64>(0)
  @usableFromInline let waitingCount = Atomic<Int>(0)
  /// How often room that was set aside was given back.
  @usableFromInline let released = Atomic<UInt64>(0)
  @usableFromInline let lock = SpinLock()
  @usableFromInline var waiting = WaitQueue<_Deposit<Element>>()
  /// Who sees to it that room is noticed which was freed while `waitingCount` became visible. While anybody waits, and
  /// under the lock.
  @usableFromInline var watcher = MPSCWatcher.nobody

  @inlinable
  init(capacity: Int) {
    let size = capacity.roundedUpToPowerOfTwo
    typealias Place = MPSCPlace<Element>
    unsafe places = .allocate(byteCount: size * Place.stride, alignment: max(Place.alignment, 128))
    for index in 0..<size {
      unsafe (places + index * Place.stride).initializeMemory(as: UInt64.self, to: 0)
    }
    mask = UInt64(size - 1)
    self.capacity = UInt64(capacity)
  }
}

@frozen
@safe
public struct MPSCCore<Element>: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutablePointer<MPSCBlock<Element>>

  @inlinable
  init(capacity: Int) {
    unsafe block = .allocate(capacity: 1)
    unsafe block.initialize(to: MPSCBlock(capacity: capacity))
  }

  @inlinable public static var isLocal: Bool { false }
  @inlinable public var capacity: Int? { unsafe Int(block.pointee.capacity) }

  /// Values claimed by a sender and not yet there included. Out of date as soon as it is known.
  @inlinable
  public var count: Int {
    let head = unsafe block.pointee.head.load(ordering: .acquiring)
    let tail = unsafe MPSCClaims.position(block.pointee.claims.load(ordering: .acquiring))
    return unsafe Int(min((tail &- head) & MPSCClaims.positionMask, block.pointee.capacity))
  }

  // Sound, all: an atomic never moves out of the block, which lives as long as an end does.
  @inlinable
  var headWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.head) { unsafe $0 } }
  }
  @inlinable
  var receiverWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.receiver) { unsafe $0 } }
  }
  @inlinable
  var desertedWord: UnsafePointer<Atomic<UInt64>> {
    @inline(__always) get { unsafe withUnsafePointer(to: block.pointee.isDeserted) { unsafe $0 } }
  }
  @inlinable @inline(__always)
  func place(_ position: UInt64) -> UnsafeMutableRawPointer {
    unsafe block.pointee.places + Int(position & block.pointee.mask) &* MPSCPlace<Element>.stride
  }
  @inlinable @inline(__always)
  func stampWord(_ position: UInt64) -> UnsafePointer<Atomic<UInt64>> {
    // An atomic of 64 bits is those 64 bits, and the word is only ever used as one.
    unsafe UnsafePointer(place(position).assumingMemoryBound(to: Atomic<UInt64>.self))
  }
  @inlinable @inline(__always)
  func valuePointer(_ position: UInt64) -> UnsafeMutablePointer<Element> {
    unsafe (place(position) + MPSCPlace<Element>.valueOffset).assumingMemoryBound(to: Element.self)
  }
  @inlinable @inline(__always)
  func isThere(_ position: UInt64) -> Bool {
    // Acquire: pairs with the release in `publish`; the value is there.
    unsafe stampWord(position).pointee.load(ordering: .acquiring) == MPSCCore.stamp(of: position)
  }

  /// What the stamp of a position's place is once its value is there.
  @inlinable @inline(__always)
  static func stamp(of position: UInt64) -> UInt64 { (position &+ 1) & MPSCClaims.positionMask }

  /// Called once by each end, last of all.
  @inlinable
  func releaseHandle() {
    guard unsafe block.pointee.handles.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else {
      return
    }
    unsafe block.pointee.places.deallocate()
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }

  @inlinable @inline(never)
  func wakeReceiver() {
    // Taken by whoever exchanges it, so that each wait is woken once.
    let token = unsafe block.pointee.receiver.exchange(0, ordering: .acquiringAndReleasing)
    unsafe WakeToken(uncheckedRawValue: token).wake()
  }
}
