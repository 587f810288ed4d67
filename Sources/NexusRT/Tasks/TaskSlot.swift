// A slot of the task slab: everything the loop keeps for one task, at an address that never changes and in memory that
// is never freed, so that a wake that comes late finds a slot and not a hole.

public import CNexus
public import Synchronization

/// What a slot serves as at the moment.
@usableFromInline
enum SlotRole: UInt8 {
  /// On the free list.
  case free
  /// Owned by a resident: a Swift task of ours that runs one spawned body after another.
  case resident
  /// Lent for one wait, or for a cancel scope, to a task that is not ours: a child task (`async let`, a task group) of a
  /// resident.
  case guest
  /// Owned by a plain thread, which parks in it while it waits.
  case thread
}

/// One task's place in the runtime.
///
/// Ownership, by phase (`SlotState`): an idle slot belongs to its task, which runs. An armed slot may be taken by
/// whoever first moves its phase on, and by nobody else; a queued slot belongs to the queue it is in, and its link,
/// until the loop takes it out and resumes it.
@usableFromInline
@safe struct TaskSlot: ~Copyable {
  /// The C part; first, so that a pointer to the slot is a pointer to it.
  @usableFromInline var suspension: nexus_suspension
  /// The wait's generation and phase: the one word other threads touch.
  @usableFromInline let state: Atomic<UInt64>
  /// The body the resident is to run or runs; null while it is parked on the list of residents without one.
  @usableFromInline var body: BodyPointer?
  /// What the task waits for, or waited for last: the bytes of the operation's name, which are a constant's.
  @usableFromInline var operation: UnsafePointer<UInt8>?
  /// How many of the task's scopes are cancelled, and one more if `isCancelled`: its waits end while it is not zero.
  @usableFromInline var cancellations: Int32
  /// Why the last wait ended. Written by whoever moved the phase to queued, read by the task.
  @usableFromInline var reason: WaitOutcome
  @usableFromInline var role: SlotRole
  /// Whether `nexus_task_cancel` was called for the resident: it must not be used for another body.
  @usableFromInline var isCancelled: Bool
  /// Whether the resident's Swift task carries what its spawner had bound: it must not be used for another body.
  @usableFromInline var isSingleUse: Bool
  // Here a cache line ends: what a wait and a wake touch is above, what few of them do below.
  /// The task's tracked accesses while they are set aside (NEXUS_ACCESSES_OFFSET).
  var accesses: (UInt, UInt) = (0, 0)
  /// The innermost cancel scope the task is in.
  var scope: ScopePointer?
  /// The result of the operation in flight that this slot waits for, as the kernel gave it.
  @usableFromInline var result: Int32
  /// The node of the wait's deadline in the timer wheel; -1 while it has none.
  @usableFromInline var timerIndex: Int32
  /// Whether the task is about to suspend here, but may run through its executor once more before it does: what the
  /// standard library offers to suspend with can hop. A wake that comes meanwhile has to wait for it.
  @usableFromInline var isOnItsWay: Bool
  /// Fills two cache lines: a foreign wake of one slot does not slow its neighbours, one of which the processor may fetch along.
  private var padding: (UInt64, UInt64, UInt64) = (0, 0, 0)

  /// The slot's place in the slab, 0 ..< Mailbox.slotLimit. Never changes.
  @inlinable
  var index: UInt32 { @inline(__always) get { unsafe suspension.index } }

  init(index: UInt32) {
    unsafe suspension = nexus_suspension()
    state = Atomic(0)
    reason = .woken
    role = .free
    isCancelled = false
    isSingleUse = false
    isOnItsWay = false
    unsafe suspension.index = index
    result = 0
    timerIndex = -1
    cancellations = 0
    unsafe scope = nil
    unsafe body = nil
    unsafe operation = nil
  }
}

/// The word of a slot that tells whether, and for which wait, it may be woken.
///
/// High half: the generation, one more with each wait, never zero once a wait began. Low half: the phase.
@usableFromInline
enum SlotState {
  /// The task runs, or is suspended natively: no wake of ours reaches it.
  @usableFromInline static let idle: UInt64 = 0
  /// Waiting; only the loop's own thread knows of the wait. The loop moves it on with plain stores.
  @usableFromInline static let armedLocal: UInt64 = 1
  /// Waiting; its token may be held by any thread. It is moved on by compare-exchange.
  @usableFromInline static let armed: UInt64 = 2
  /// Woken, and in a run queue or a mailbox.
  @usableFromInline static let queued: UInt64 = 3
  /// Waiting for the kernel: it goes on when the completion arrives, not before.
  @usableFromInline static let inFlight: UInt64 = 4
  /// As `inFlight`, and on its way through a queue to have the operation cancelled by the loop.
  @usableFromInline static let cancelQueued: UInt64 = 5
  /// As `inFlight`, with the cancellation handed to the kernel.
  @usableFromInline static let cancelling: UInt64 = 6

  @usableFromInline static let phaseMask: UInt64 = 0xFFFF_FFFF

  /// The same wait in another phase.
  @inlinable @inline(__always)
  static func with(_ phase: UInt64, of word: UInt64) -> UInt64 { (word & ~phaseMask) | phase }

  /// The next wait's word. Skips generation zero, so that no token is ever zero.
  @inlinable @inline(__always)
  static func next(_ phase: UInt64, after word: UInt64) -> UInt64 {
    var generation = (word >> 32) &+ 1
    if generation & 0xFFFF_FFFF == 0 { generation = 1 }
    return (generation << 32) | phase
  }
}

@usableFromInline typealias SlotPointer = UnsafeMutablePointer<TaskSlot>
