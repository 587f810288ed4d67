// What travels from the thread that spawns to the loop, becomes a task there, and carries its result back.

internal import Synchronization

/// A remote task but for its types.
///
/// `flags` is shared by all threads. `task`, `hasStarted` and the links belong to the loop's thread.
class RemoteWork: CompletionCore, @unchecked Sendable {
  /// In the mailbox or the run queue: then whatever the flags say is looked at when it comes out.
  private static let queued: UInt8 = 1
  private static let cancelled: UInt8 = 2

  private final let loop: Loop
  private final let name: StaticString?
  private final let flags = Atomic<UInt8>(queued)
  private final var hasStarted = false
  private final var task: JoinHandle<Void>?
  /// Those that have started and not ended: a list, so that a runtime that gives its tasks up can say so.
  nonisolated(unsafe) private final unowned(unsafe) var older: RemoteWork?
  nonisolated(unsafe) private final unowned(unsafe) var newer: RemoteWork?

  init(_ loop: Loop, _ name: StaticString?) {
    self.loop = loop
    self.name = name
    task = nil
  }

  /// Sends it to its loop, once; false if that is ending.
  final func send() -> Bool {
    loop.services.spawnGate.pass { unsafe loop.mailbox.pointee.push(RunItem(message: self)) }
  }

  /// Cancels the task. Any thread.
  final func cancel() {
    if isSettled { return }
    let old = flags.bitwiseOr(
      RemoteWork.cancelled | RemoteWork.queued, ordering: .acquiringAndReleasing
    ).oldValue
    // A runtime that is ending cancels all of its tasks.
    if old & RemoteWork.queued == 0 { _ = send() }
  }

  override final func deliver(to loop: LoopPointer) {
    // Whoever sets a flag from here on sends it again.
    let flags = self.flags.bitwiseAnd(~RemoteWork.queued, ordering: .acquiringAndReleasing).oldValue
    if !hasStarted {
      hasStarted = true
      unsafe link(loop)
      task = spawnBoxed(name: name, isolation: nil) { await self.run() }
    }
    if flags & RemoteWork.cancelled != 0, task != nil { task!.cancel() }
  }

  /// Runs the body in its task and ends with `finish`.
  nonisolated(nonsending) func run() async { fatalError("a remote task knows its body") }

  /// The body has ended: the task is about to.
  final func finish() {
    unsafe unlink(LoopState.current(for: "RuntimeHandle.spawn"))
    task = nil
  }

  /// Settles with `RuntimeEndedError`.
  func giveUp() { fatalError("a remote task knows its result") }

  private final func link(_ loop: LoopPointer) {
    unsafe older = loop.pointee.newestRemote
    unsafe older?.newer = self
    unsafe loop.pointee.newestRemote = self
  }

  private final func unlink(_ loop: LoopPointer) {
    if let newer = unsafe newer {
      unsafe newer.older = older
    } else {
      unsafe loop.pointee.newestRemote = older
    }
    unsafe older?.newer = newer
  }

  /// The runtime leaves its tasks behind: those who wait for them are told.
  static func giveUpAll(_ loop: LoopPointer) {
    var next = unsafe loop.pointee.newestRemote
    while let work = next {
      work.giveUp()
      next = unsafe work.older
    }
  }
}

/// With its body and its result.
///
/// Unchecked: `body` is taken by the loop's thread; `result` is written by who claims, and taken by the waiter.
final class RemoteWorkOf<Success: Sendable>: RemoteWork, CompletionResult, @unchecked Sendable {
  typealias Body = nonisolated(nonsending) @Sendable () async throws -> Success

  private var body: Body?
  var result: Result<Success, any Error>?

  init(_ loop: Loop, _ name: StaticString?, _ body: @escaping Body) {
    self.body = body
    super.init(loop, name)
  }

  nonisolated(nonsending) override func run() async {
    let result: Result<Success, any Error>
    do {
      result = .success(try await body.take()!())
    } catch {
      result = .failure(error)
    }
    finish()
    settle(result)
  }

  override func giveUp() { settle(.failure(RuntimeEndedError())) }
}
