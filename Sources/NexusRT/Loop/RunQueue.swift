// The queue of what is ready to run: a first-in first-out list linked through the entries themselves, so that it
// neither allocates nor has a limit.

internal import CNexus

/// One entry: one of our slots, a job the Swift runtime enqueued on our executor, or a message of another thread.
///
/// All keep a word for their scheduler 16 bytes in (`nexus_suspension.link`, `Job::SchedulerPrivate[0]` of the
/// Swift ABI, `LoopMessage.link`), and all are at least 8-aligned, which leaves the lowest bits to tell them apart.
@usableFromInline
struct RunItem: Equatable {
  @usableFromInline let bits: UInt

  /// Set unless the entry is a slot.
  @usableFromInline static let jobBit: UInt = 1
  /// Set beside `jobBit`: the job of a sleep whose time has come (SwiftSleep.swift).
  @usableFromInline static let sleepBit: UInt = 2
  /// Set beside `jobBit`: no job, but a message (LoopMessage.swift).
  @usableFromInline static let messageBit: UInt = 4
  @usableFromInline static let tagMask: UInt = jobBit | sleepBit | messageBit

  @inlinable @inline(__always)
  init(bits: UInt) { self.bits = bits }

  @inlinable @inline(__always)
  init(slot: SlotPointer) { bits = UInt(bitPattern: slot) }

  @inlinable
  init(job: UnownedJob) {
    unsafe bits = unsafeBitCast(job, to: UInt.self) | RunItem.jobBit
  }

  init(sleepJob: UnownedJob) {
    unsafe bits = unsafeBitCast(sleepJob, to: UInt.self) | RunItem.jobBit | RunItem.sleepBit
  }

  var isSleepJob: Bool { bits & RunItem.sleepBit != 0 }

  /// Whether it is a job or a message.
  @inlinable @inline(__always)
  var isJob: Bool { bits & RunItem.jobBit != 0 }

  @inlinable @inline(__always)
  var isMessage: Bool { bits & RunItem.messageBit != 0 }

  /// Only of an item that is no job and no message.
  @inlinable @inline(__always)
  var slot: SlotPointer {
    assert(!isJob)
    // Sound: `bits` came from a slot pointer, and slots are never freed.
    return unsafe SlotPointer(bitPattern: bits).unsafelyUnwrapped
  }

  /// Only of an item that is a job.
  @inlinable
  var job: UnownedJob {
    assert(isJob && !isMessage)
    // Sound: `bits` came from an UnownedJob, whose one word is the job's address.
    return unsafe unsafeBitCast(bits & ~RunItem.tagMask, to: UnownedJob.self)
  }

  /// The word that links this entry to the next; zero at the end.
  /// Only of an entry that is in a queue of ours: nobody else may use the word then.
  @inlinable @inline(__always)
  var link: UnsafeMutablePointer<UInt> {
    unsafe UnsafeMutablePointer<UInt>(bitPattern: (bits & ~RunItem.tagMask) &+ 16).unsafelyUnwrapped
  }
}

/// First in, first out. Belongs to the loop's thread.
@usableFromInline
struct RunQueue {
  /// The oldest entry, or zero.
  @usableFromInline var head: UInt = 0
  /// The newest entry. Meaningful only while `head` is not zero.
  @usableFromInline var tail: UInt = 0

  @inlinable @inline(__always)
  var isEmpty: Bool { head == 0 }

  /// O(1).
  @inlinable @inline(__always)
  mutating func push(_ item: RunItem) {
    unsafe item.link.pointee = 0
    if head == 0 {
      head = item.bits
    } else {
      unsafe RunItem(bits: tail).link.pointee = item.bits
    }
    tail = item.bits
  }

  /// O(1).
  @inlinable @inline(__always)
  mutating func pop() -> RunItem? {
    guard head != 0 else { return nil }
    let item = RunItem(bits: head)
    head = unsafe item.link.pointee
    return item
  }
}

/// Has the processor load what the next entries of a run queue will touch, while others run.
///
/// It looks some entries ahead, for as long as they are slots: these are never freed.
@safe struct Lookahead {
  /// So far that what is asked for has come when its turn comes.
  private static let most = 4
  private var slot: SlotPointer?
  /// How many entries ahead of the next one to be taken `slot` is, and one more; 0 if it is none of them.
  private var distance = 0

  init() { unsafe slot = nil }

  /// After an entry was taken.
  @inline(__always)
  mutating func follow(_ queue: borrowing RunQueue) {
    if distance > 0 { distance -= 1 }
    while distance < Lookahead.most {
      let next = distance == 0 ? queue.head : unsafe RunItem(slot: slot.unsafelyUnwrapped).link.pointee
      guard next != 0, next & RunItem.jobBit == 0 else { return }
      let item = RunItem(bits: next)
      unsafe slot = item.slot
      distance += 1
      unsafe Lookahead.load(item.slot)
    }
  }

  @inline(__always)
  private static func load(_ slot: SlotPointer) {
    unsafe nexus_prefetch(slot.pointee.suspension.link, 1)
    // Of the task its status and its allocator's words; then its own context, and its frames (ResidentMemory).
    if let task = unsafe slot.pointee.suspension.task {
      unsafe nexus_prefetch(task + 112, 1)
      unsafe nexus_prefetch(task + 240, 5)
    }
    // Of the body its first line, and its result and its arguments.
    if let body = unsafe slot.pointee.body {
      unsafe nexus_prefetch(UnsafeRawPointer(body), 1)
      unsafe nexus_prefetch(UnsafeRawPointer(body) + 128, 1)
    }
  }
}
