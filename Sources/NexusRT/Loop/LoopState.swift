// The state of one runtime that only its own thread touches.
//
// It is a struct at a fixed address, reached through a thread-local pointer, and not the stored properties of a class:
// access through a pointer is not tracked for exclusivity, and the loop must have no tracked access open while a task
// runs on top of it (see nexus_suspend.h).

public import CNexus

/// What a runtime counted since it was made. Plain numbers, updated by the loop's thread.
public struct RuntimeCounters: Sendable, Equatable {
  /// Turns of the loop: batches of tasks followed by a look at the kernel, the timers and the mailbox.
  public internal(set) var turns: UInt64 = 0
  /// Times a task, or a job of the Swift runtime, was run.
  public internal(set) var resumes: UInt64 = 0
  /// Tasks spawned.
  public internal(set) var spawns: UInt64 = 0
  /// Wakes and jobs that came from other threads.
  public internal(set) var foreignWakes: UInt64 = 0
  /// Calls of io_uring_enter.
  public internal(set) var enters: UInt64 = 0
  /// Times the loop parked in the kernel: in an enter that could wait, or, with no operation in flight and no deadline, on a futex.
  public internal(set) var parks: UInt64 = 0
  /// Of a random schedule: a hash of every decision it made; otherwise zero.
  public internal(set) var scheduleHash: UInt64 = 0
}

@usableFromInline
@safe struct LoopState: ~Copyable {
  @usableFromInline var runQueue = RunQueue()
  /// The slot of the task that was resumed last: a hint for `currentSlot`, confirmed against the current task.
  @usableFromInline var resumed: SlotPointer?
  @usableFromInline let mailbox: MailboxPointer
  /// How tasks of this runtime suspend; settled before the first one does.
  @usableFromInline var way: nexus_way
  /// The address of the actor that isolates this runtime's tasks.
  @usableFromInline let actorAddress: UInt
  /// The address of its executor, as the Swift runtime knows it.
  let executorAddress: UInt
  @usableFromInline var slab: TaskSlab
  @usableFromInline var bodyPool = BodyPool()
  /// The kernel's id of the loop's thread.
  @usableFromInline let threadID: Int32
  /// How many more operations the running task may complete without waiting before it lets others run (Budget.swift).
  @usableFromInline var budget = LoopState.budgetPerResume
  @usableFromInline static let budgetPerResume: Int32 = 128
  /// The serial of the body spawned last.
  @usableFromInline var lastSerial: UInt64
  /// Bodies that ended while somebody waited for them.
  var bodiesJoined: UInt32 = 0
  var timers = TimerWheel()
  var clock: LoopClock
  var idle: IdleState
  var scopes = ScopePool()
  /// Links between tokens and scopes that are not in use.
  var spareLinks: [ScopeLink] = []
  /// Tasks that wait until no other is alive.
  var quiescers: [WakeToken] = []
  /// Tasks that other threads spawned, and that have not ended, the newest first.
  unowned(unsafe) var newestRemote: RemoteWork?
  var watched = WatchedWords()
  /// Whether a task of this runtime has sent something since the loop last looked at watched words.
  @usableFromInline var hasSent = false
  var reactor: Reactor
  @usableFromInline var world: World
  /// Whether `withWorld` is on the stack.
  @usableFromInline var worldIsLent = false
  var counters = RuntimeCounters()
  /// Whether the loop runs, for a blockOn or for the runtime's end.
  var isRunning = false
  /// Whether the runtime is ending: what starts now starts cancelled.
  var isEnding = false
  let tasksPerTurn: Int
  /// The decisions of a random schedule; nil in the usual one.
  var schedule: RandomSchedule?
  /// Which word of a task tells whether it has task-local values; 0 if that is not known. Settled at start-up.
  var taskLocalsWord = 0
  /// Which bit of a task tells whether it was cancelled. Settled at start-up.
  var cancelBit = nexus_task_bit()
  /// What residents have in common that lie in the slab's memory; nil if residents are ordinary tasks. Settled at start-up.
  var residents: UnsafeMutablePointer<nexus_residents>?
  /// In ns.
  let endTimeout: UInt64
  /// The object that owns this state, unretained: it outlives it.
  @usableFromInline unowned(unsafe) let loop: Loop

  init(
    loop: Loop, mailbox: MailboxPointer, actorAddress: UInt, reactor: consuming Reactor,
    world: consuming World, configuration: Configuration
  ) {
    threadID = nexus_thread_id()
    lastSerial = LoopState.firstSerial()
    tasksPerTurn = configuration.tasksPerTurn
    if case .random(let seed) = configuration.schedule {
      schedule = RandomSchedule(seed: seed)
      // What else is chosen at random on this thread, such as where a select begins, is repeated as well.
      nexus_random_seed(seed)
    }
    endTimeout = configuration.endTimeout.clampedNanoseconds
    clock = LoopClock(configuration.clock)
    idle = IdleState(configuration.idle)
    unsafe self.loop = loop
    unsafe self.mailbox = mailbox
    self.actorAddress = actorAddress
    executorAddress = unsafe UInt(bitPattern: Unmanaged.passUnretained(loop).toOpaque())
    way = NEXUS_WAY_CONTINUATION
    unsafe slab = TaskSlab(mailbox: mailbox)
    self.reactor = reactor
    self.world = world
  }

  /// The state of the runtime that owns the calling thread, or nil.
  @inlinable
  static var ofThisThread: UnsafeMutablePointer<LoopState>? {
    @inline(__always) get {
      // Sound: the runtime stores its state's address when it is made, and null before that memory goes.
      unsafe nexus_thread_loop()?.assumingMemoryBound(to: LoopState.self)
    }
  }

  /// The same where a runtime is required: `what` goes into the trap's message.
  @inlinable @inline(__always)
  static func current(for what: StaticString) -> UnsafeMutablePointer<LoopState> {
    guard let state = unsafe ofThisThread else { trapOutsideRuntime(what) }
    return unsafe state
  }

  @usableFromInline @inline(never)
  static func trapOutsideRuntime(_ what: StaticString) -> Never {
    fatalError(
      "NexusRT: \(what) must be called from a task of a runtime, on the runtime's thread: call it inside Runtime.blockOn or spawnBoxed"
    )
  }
}

@usableFromInline typealias LoopPointer = UnsafeMutablePointer<LoopState>
