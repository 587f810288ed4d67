// The part of a runtime that other threads may touch: the stack of what they woke, the eventfd that ends the loop's
// wait in the kernel, and the slots a wake token names.
//
// A mailbox is never freed. When its runtime ends it goes back to a pool, generations and all, and the next runtime
// takes it over. That is what makes a token a plain number: it may be kept for ever, and be used at any time from any
// thread.

public import CNexus
internal import Glibc
public import Synchronization

/// The invariants, by name:
/// - **One owner**: at most one live runtime owns a mailbox.
/// - **Word of the stack**: `head` is `empty`, `parked`, `asleep`, or the newest entry's bits.
/// - **Parked means empty**: the loop moves `empty` to `parked` by compare-exchange before it waits in its ring, and to `asleep`
///   before it waits on `alarm`, so a push either comes first, and the loop sees it and does not wait, or it replaces that, and
///   then it alone knows that the loop must be woken, and how. One word decides both: there is no window between "parked" and
///   "queued" to fence.
@usableFromInline
@safe struct Mailbox: ~Copyable {
  @usableFromInline static let empty: UInt = 0
  /// Not an entry: a job's bits are odd but never 1, and a slot's are even.
  @usableFromInline static let parked: UInt = 1
  /// Not an entry either: no job is at address 0.
  @usableFromInline static let asleep: UInt = 3
  @usableFromInline static let chunkShift: UInt32 = 10
  @usableFromInline static let chunkMask: UInt32 = (1 << chunkShift) - 1
  /// The most tasks of one runtime that can exist at a time.
  @usableFromInline static let slotLimit: UInt32 = 1 << 22

  /// The descriptor the loop's ring reads from while it is parked. Lives as long as the mailbox, so that a thread
  /// that was held up between its push and its write can not write to a descriptor of somebody else's.
  @usableFromInline let wakeDescriptor: Int32
  /// This mailbox's place in the table of mailboxes; part of every token.
  @usableFromInline let index: UInt32
  /// Chunks of 1,024 slots. An entry is written once, by the owner, before any token of its slots exists.
  @usableFromInline let chunks: UnsafeMutablePointer<SlotPointer?>
  /// Where the owner takes chunks from, one after the other; nil before the first, and where no addresses are to be had.
  private var slotMemory: AddressRange?
  /// Bytes in use of that.
  private var slotBytes = 0
  /// What wakers only read is above, in cache lines that stay with each of them; what they write is below, in lines of its own.
  private var padding: InlineArray<16, UInt64> = InlineArray(repeating: 0)
  @usableFromInline let head: Atomic<UInt>
  /// The word the loop sleeps on where nothing but another thread can end its wait: 1 when it is to wake, until it has.
  private let alarm = Atomic<UInt32>(0)

  private init(index: UInt32, wakeDescriptor: Int32) {
    head = Atomic(Mailbox.empty)
    self.index = index
    self.wakeDescriptor = wakeDescriptor
    let chunkCount = Int(Mailbox.slotLimit >> Mailbox.chunkShift)
    unsafe chunks = .allocate(capacity: chunkCount)
    unsafe chunks.initialize(repeating: nil, count: chunkCount)
  }

  /// A new one, which is never freed.
  static func make(index: UInt32, wakeDescriptor: Int32) -> MailboxPointer {
    // Whole pairs of cache lines, which the processor may fetch together.
    let size = (MemoryLayout<Mailbox>.size + 127) & ~127
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 128)
    let mailbox = unsafe memory.bindMemory(to: Mailbox.self, capacity: 1)
    unsafe mailbox.initialize(to: Mailbox(index: index, wakeDescriptor: wakeDescriptor))
    return unsafe mailbox
  }

  /// Memory for one more chunk of slots, 128-aligned. The owner only.
  mutating func newChunk(_ bytes: Int) -> UnsafeMutableRawPointer {
    if slotMemory == nil {
      slotMemory = AddressRange(Int(Mailbox.slotLimit) * MemoryLayout<TaskSlot>.stride, least: 1 << 20)
    }
    guard slotMemory?.commit(slotBytes + bytes) == true, let memory = slotMemory else {
      return .allocate(byteCount: bytes, alignment: 128)
    }
    defer { slotBytes += bytes }
    return unsafe memory.start + slotBytes
  }

  /// Hands an entry to the loop. Any thread, lock-free; one system call if the loop is parked, none otherwise.
  ///
  /// The release on success publishes the entry and everything written before it to the loop's acquire in `takeAll`
  /// or `unpark`.
  @usableFromInline
  func push(_ item: RunItem) {
    var seen = head.load(ordering: .relaxed)
    while true {
      unsafe item.link.pointee = Mailbox.isParked(seen) ? Mailbox.empty : seen
      let (done, now) = head.weakCompareExchange(
        expected: seen, desired: item.bits, successOrdering: .acquiringAndReleasing,
        failureOrdering: .relaxed)
      if done { break }
      seen = now
    }
    if Mailbox.isParked(seen) { wake(seen) }
  }

  @inline(__always)
  private static func isParked(_ head: UInt) -> Bool { head | 2 == asleep }

  private func wake(_ seen: UInt) {
    if seen == Mailbox.asleep { soundAlarm() } else { ring() }
  }

  /// Ends the loop's wait in the kernel, or the next one if it does not wait: whichever way it does.
  func nudge() {
    soundAlarm()
    ring()
  }

  /// Release: pairs with the acquire of the loop that finds the alarm sounded.
  private func soundAlarm() {
    alarm.store(1, ordering: .releasing)
    unsafe nexus_futex_wake(alarmWord)
  }

  // Sound: an atomic's address is that of its one word, which stays where the mailbox is, for ever.
  private var alarmWord: UnsafePointer<UInt32> {
    unsafe withUnsafePointer(to: alarm) { unsafe UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self) }
  }

  /// Ends the loop's wait in its ring.
  private func ring() {
    var one: UInt64 = 1
    while true {
      let written = unsafe write(wakeDescriptor, &one, 8)
      if written == 8 { return }
      require(errno == EINTR, "NexusRT: the write to the loop's eventfd failed (errno \(errno))")
    }
  }

  /// Whether something was pushed that was not taken. The loop's thread, while it is not parked.
  @inline(__always)
  var hasEntries: Bool { head.load(ordering: .relaxed) != Mailbox.empty }

  /// Moves everything that was pushed to the end of `queue`, oldest first. The loop's thread only.
  /// O(entries).
  @inline(__always)
  func takeAll(into queue: inout RunQueue) -> Int {
    // A plain look first: an empty mailbox costs a load, not a read-modify-write.
    let seen = head.load(ordering: .relaxed)
    assert(!Mailbox.isParked(seen))
    if seen == Mailbox.empty { return 0 }
    return append(stack: head.exchange(Mailbox.empty, ordering: .acquiring), to: &queue)
  }

  /// Announces that the loop is about to wait in its ring, or with `sleeping` by `sleep()`. False if something was pushed
  /// meanwhile: then do not wait.
  func park(sleeping: Bool) -> Bool {
    let announced = sleeping ? Mailbox.asleep : Mailbox.parked
    return head.compareExchange(
      expected: Mailbox.empty, desired: announced, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Waits until somebody pushes or nudges. After `park(sleeping: true)`; the loop's thread only.
  func sleep() {
    // A nudge that came before is an alarm that is on.
    while alarm.load(ordering: .acquiring) == 0 { unsafe nexus_futex_wait(alarmWord, 0) }
    // An exchange: of a nudge that comes just now what its thread wrote before is visible from here on.
    _ = alarm.exchange(0, ordering: .acquiring)
  }

  /// Takes the announcement back, and what was pushed since. The loop's thread only.
  func unpark(into queue: inout RunQueue) -> Int {
    let stack = head.exchange(Mailbox.empty, ordering: .acquiring)
    return Mailbox.isParked(stack) ? 0 : append(stack: stack, to: &queue)
  }

  private func append(stack: UInt, to queue: inout RunQueue) -> Int {
    // The stack is newest first: turn it round, so that wakes keep their order.
    var reversed = Mailbox.empty
    var next = stack
    while next != Mailbox.empty {
      let item = RunItem(bits: next)
      next = unsafe item.link.pointee
      unsafe item.link.pointee = reversed
      reversed = item.bits
    }
    var count = 0
    while reversed != Mailbox.empty {
      let item = RunItem(bits: reversed)
      reversed = unsafe item.link.pointee
      queue.push(item)
      count += 1
    }
    return count
  }

  /// The slot with this index. Only for an index that a token or the owner holds.
  @inlinable @inline(__always)
  func slot(_ index: UInt32) -> SlotPointer {
    // Sound: the chunk was stored before the slot's first token was made, and chunks are never freed.
    unsafe chunks[Int(index >> Mailbox.chunkShift)].unsafelyUnwrapped + Int(index & Mailbox.chunkMask)
  }
}

@usableFromInline typealias MailboxPointer = UnsafeMutablePointer<Mailbox>

/// The table of all mailboxes of the process, and the pool of those without a runtime.
@usableFromInline
enum MailboxTable {
  /// The most runtimes that can be alive at a time. One index is left over: see `ThreadSlots`.
  @usableFromInline static let limit = 1023

  private struct Pool {
    /// Indices of mailboxes without a runtime.
    var free: [UInt32] = []
    var count: UInt32 = 0
  }

  private static let pool = Guarded(Pool())

  /// A mailbox for a new runtime; null if `limit` are in use or no eventfd is to be had (`errno` says which error).
  static func take() -> MailboxPointer? {
    let index = pool.withLock { (pool: inout Pool) -> UInt32? in
      if let reused = pool.free.popLast() { return reused }
      guard pool.count < limit else {
        errno = EUSERS
        return nil
      }
      let descriptor = nexus_eventfd()
      guard descriptor >= 0 else { return nil }
      let mailbox = unsafe Mailbox.make(index: pool.count, wakeDescriptor: descriptor)
      unsafe nexus_mailboxes_set(pool.count, mailbox)
      pool.count += 1
      return pool.count - 1
    }
    return unsafe index.map { unsafe mailbox($0) }
  }

  /// Back to the pool. Only once no task of the runtime is alive.
  static func give(back mailbox: MailboxPointer) {
    let index = unsafe mailbox.pointee.index
    pool.withLock { (pool: inout Pool) in pool.free.append(index) }
  }

  @inlinable @inline(__always)
  static func mailbox(_ index: UInt32) -> MailboxPointer {
    // Sound: a token carries the index of a mailbox that was stored before the token was made.
    unsafe nexus_mailboxes_get(index).unsafelyUnwrapped.assumingMemoryBound(to: Mailbox.self)
  }
}
