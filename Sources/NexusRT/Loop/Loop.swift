// The object behind a runtime: the executor the Swift runtime knows, and the owner of the loop's state.

internal import CNexus
internal import Glibc

/// The actor that isolates the tasks of one runtime: code isolated to it compares two words where code without
/// isolation would look an executor up.
actor LoopActor {
  nonisolated private let loop: Loop
  init(_ loop: Loop) { self.loop = loop }
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
}

/// The executor of one runtime, serial executor and task executor in one: whatever the Swift runtime has to run for our
/// tasks, their child tasks and what they call comes to `enqueue` and runs on the runtime's thread.
@usableFromInline
@safe class Loop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // Unchecked: `state` is used by the owner's thread only; `mailbox` is made for all threads; both are set once.
  private(set) nonisolated(unsafe) var state: LoopPointer! = nil
  let mailbox: MailboxPointer
  let services: RuntimeServices
  private(set) nonisolated(unsafe) var actor: LoopActor! = nil
  private let threadID: Int32
  /// Why the direct way of suspending is not used; nil if it is, or was not wanted. Set once.
  nonisolated(unsafe) var suspensionNote: String?

  /// Takes a mailbox, sets the ring up and becomes this thread's runtime.
  init(world: consuming World, configuration: Configuration, services: RuntimeServices) throws(RuntimeError) {
    guard unsafe LoopState.ofThisThread == nil else { throw .runtimeExistsOnThisThread }
    guard let mailbox = unsafe MailboxTable.take() else {
      throw errno == EUSERS ? .tooManyRuntimes : .limitReached(resource: "file descriptors", errno: errno)
    }
    unsafe self.mailbox = mailbox
    self.services = services
    threadID = nexus_thread_id()
    let reactor: Reactor
    do throws(RuntimeError) {
      reactor = try unsafe Reactor(
        entries: configuration.submissionEntries, wakeDescriptor: mailbox.pointee.wakeDescriptor)
    } catch {
      unsafe MailboxTable.give(back: mailbox)
      throw error
    }
    let actor = LoopActor(self)
    unsafe self.actor = actor
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(
      to: LoopState(
        loop: self, mailbox: mailbox,
        actorAddress: UInt(bitPattern: Unmanaged.passUnretained(actor).toOpaque()), reactor: reactor,
        world: world, configuration: configuration))
    unsafe nexus_thread_get().pointee.loop = UnsafeMutableRawPointer(state)
    if let descriptor = services.signalDescriptor { unsafe state.pointee.reactor.watchSignals(descriptor) }
  }

  /// Gives everything back. Only when no task of the runtime exists any more, on its own thread.
  func dismantle() {
    nexus_thread_forget_runtime()
    unsafe state.pointee.bodyPool.freeAll()
    unsafe state.pointee.slab.free()
    unsafe state.pointee.residents?.deallocate()
    unsafe state.pointee.scopes.freeAll()
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
    unsafe state = nil
    unsafe actor = nil
    services.restoreThread()
    unsafe MailboxTable.give(back: mailbox)
  }

  /// Whether the calling thread is the runtime's.
  var isOnThread: Bool { threadID == nexus_thread_id() }

  // MARK: Executor

  @usableFromInline
  func enqueue(_ job: consuming ExecutorJob) {
    let item = RunItem(job: UnownedJob(job))
    if let mine = unsafe LoopState.ofThisThread, unsafe mine == state {
      unsafe mine.pointee.runQueue.push(item)
    } else {
      let isOpen = services.jobGate.pass { unsafe mailbox.pointee.push(item) }
      require(
        isOpen,
        "NexusRT: a runtime was to run Swift code after it had ended: an actor or a task whose executor it is must not be used longer than the runtime"
      )
    }
  }

  @usableFromInline
  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  @usableFromInline
  func checkIsolated() {
    require(isOnThread, "NexusRT: code isolated to a runtime ran on another thread")
  }

  @usableFromInline
  func isIsolatingCurrentContext() -> Bool? { isOnThread }
}
