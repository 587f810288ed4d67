// What can be set about a runtime.

/// Settings of a runtime, with the values that suit most.
public struct Configuration: Sendable {
  /// How many tasks run at most before timers, other threads' wakes and the kernel get their turn. At least 1.
  public var tasksPerTurn = 64
  /// Entries of the ring's submission queue: how many operations go to the kernel in one call at most. The kernel
  /// rounds up to a power of two; 1 ... 32,768.
  public var submissionEntries: UInt32 = 256
  /// How long the end of a runtime waits for its cancelled tasks to end before it gives them up with a message.
  public var endTimeout: Duration = .seconds(5)
  /// How tasks suspend; nil takes the fastest way the start-up check allows, or what the environment variable
  /// `NEXUS_SUSPENSION` (direct, switch, continuation) asks for.
  public var suspension: SuspensionWay?

  /// Places for tasks that are made with the runtime, for `spawnSlab`; nil makes none.
  public var slab: SlabSize?

  /// The order in which ready tasks run.
  public var schedule: Schedule = .firstInFirstOut

  /// What the loop does while nothing is ready. `Runtime.idlePolicy` changes it later.
  public var idle: IdlePolicy = .park
  /// Where the time comes from.
  public var clock: TimeSource = .monotonic
  /// The core the runtime's thread is bound to while the runtime lives; nil leaves the thread where it is.
  public var cpu: Int?
  /// The signals that ask for the runtime's shutdown.
  public var signals: Signals = []
  /// The threads for what blocks.
  public var blocking = BlockingConfiguration()

  public init() {}
}
