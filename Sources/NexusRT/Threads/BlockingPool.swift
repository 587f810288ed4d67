// The threads of a runtime for work that blocks, and the queue in front of them.

internal import CNexus
internal import Glibc

/// Work in the queue. Its links and `standing` are guarded by the pool's lock.
class BlockingItem: CompletionCore, @unchecked Sendable {
  enum Standing {
    /// Waits for a place in the queue; `submitter` waits for that.
    case outside
    /// Waits for a thread.
    case queued
    /// Runs, has run, or was taken out.
    case gone
  }

  final var standing = Standing.outside
  final var submitter = WakeToken.none
  final var next: BlockingItem?
  nonisolated(unsafe) final unowned(unsafe) var previous: BlockingItem?

  /// On a thread of the pool.
  func run() { fatalError("work knows what it does") }
  /// It will not run.
  func drop() { fatalError("work knows its result") }
}

/// First come, first served: one list, of which the first `queueLength` are in the queue and the others wait for a place.
///
/// Unchecked: everything is guarded by `state`'s lock but the constants and `threadsLeft`, which the runtime's thread sets at
/// the end.
final class BlockingPool: @unchecked Sendable {
  private struct State {
    var first: BlockingItem?
    unowned(unsafe) var last: BlockingItem?
    /// The first that waits for a place.
    unowned(unsafe) var firstOutside: BlockingItem?
    /// Those in the queue, all of them before `firstOutside`.
    var queued = 0
    /// Threads that wait for work.
    var idle = 0
    /// Threads that live.
    var threads: [pthread_t] = []
    /// Threads being started.
    var starting = 0
    /// Threads that are about to end and have to be joined.
    var ended: [pthread_t] = []
    var isClosed = false
    /// Whether the runtime has ended and left its threads to themselves.
    var isLeft = false
  }

  private let configuration: BlockingConfiguration
  private let idleTime: UInt64
  private let state = Guarded(State())
  private let work = ThreadSignal()
  private let end = ThreadSignal()
  private(set) var threadsLeft = 0

  init(_ configuration: BlockingConfiguration) {
    require(configuration.threads >= 1, "NexusRT: BlockingConfiguration.threads must be at least 1")
    require(configuration.queueLength >= 1, "NexusRT: BlockingConfiguration.queueLength must be at least 1")
    self.configuration = configuration
    idleTime = configuration.idleTime.clampedNanoseconds
  }

  /// Whether nothing is taken any more.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Threads that live.
  var threadCount: Int { state.withLock { $0.threads.count + $0.starting } }

  // MARK: From tasks

  enum Submission {
    case queued
    /// Its token will be woken when it has a place.
    case outside
    case full
    case closed
  }

  /// Appends `item`. With a token it waits for a place if there is none.
  func submit(_ item: BlockingItem, waiting token: WakeToken?) -> Submission {
    var mustStart = false
    let submission = state.withLock { (state: inout State) -> Submission in
      if state.isClosed { return .closed }
      let isFull = state.queued >= configuration.queueLength
      if isFull && token == nil { return .full }
      unsafe item.previous = state.last
      if let last = unsafe state.last { last.next = item } else { state.first = item }
      unsafe state.last = item
      if isFull {
        item.submitter = token!
        if unsafe state.firstOutside == nil { unsafe state.firstOutside = item }
        return .outside
      }
      item.standing = .queued
      state.queued += 1
      mustStart = wantsThread(&state)
      return .queued
    }
    if submission == .queued { mustStart ? startThread() : work.notifyOne() }
    return submission
  }

  /// Whether there is more work than idle threads, and room for another thread, which is then counted.
  private func wantsThread(_ state: inout State) -> Bool {
    guard state.queued > state.idle, state.threads.count + state.starting < configuration.threads else {
      return false
    }
    state.starting += 1
    return true
  }

  /// Changes whom to wake when `item` has a place.
  ///
  /// - Returns: false if it has one, or is gone.
  func keepWaiting(_ item: BlockingItem, _ token: WakeToken) -> Bool {
    state.withLock { _ in
      guard item.standing == .outside else { return false }
      item.submitter = token
      return true
    }
  }

  /// Takes an item out that no thread has begun.
  ///
  /// - Returns: false if it runs, or has run.
  func remove(_ item: BlockingItem) -> Bool {
    var admitted = WakeToken.none
    let isRemoved = state.withLock { (state: inout State) -> Bool in
      guard item.standing != .gone else { return false }
      if item.standing == .outside {
        if unsafe state.firstOutside === item { unsafe state.firstOutside = item.next }
      } else {
        state.queued -= 1
        admitted = admitNext(&state)
      }
      unlink(item, &state)
      return true
    }
    admitted.wake()
    return isRemoved
  }

  private func unlink(_ item: BlockingItem, _ state: inout State) {
    if let previous = unsafe item.previous { previous.next = item.next } else { state.first = item.next }
    if let next = item.next {
      unsafe next.previous = item.previous
    } else {
      unsafe state.last = item.previous
    }
    item.next = nil
    unsafe item.previous = nil
    item.standing = .gone
  }

  /// Gives the place that has become free to who waits for it first.
  ///
  /// - Returns: Whom to wake, outside of the lock.
  private func admitNext(_ state: inout State) -> WakeToken {
    guard let item = unsafe state.firstOutside else { return .none }
    unsafe state.firstOutside = item.next
    item.standing = .queued
    state.queued += 1
    return item.submitter
  }

  // MARK: The threads

  private func startThread() {
    reap()
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self)
    let refused = unsafe pthread_create(
      &thread, nil,
      { context in
        // Sound: the context is the retained pool, taken once.
        unsafe Unmanaged<BlockingPool>.fromOpaque(context!).takeRetainedValue().serve()
        return nil
      }, context.toOpaque())
    if refused == 0 { return }
    unsafe context.release()
    let hasOthers = state.withLock { (state: inout State) -> Bool in
      state.starting -= 1
      return state.threads.count + state.starting > 0
    }
    // One that lives does the work later.
    require(hasOthers, "NexusRT: spawnBlocking was refused a thread: \(describe(errno: refused))")
    work.notifyOne()
  }

  /// Joins the threads that have ended.
  private func reap() {
    let ended = state.withLock { (state: inout State) -> [pthread_t] in
      let ended = state.ended
      state.ended = []
      return ended
    }
    for thread in ended { pthread_join(thread, nil) }
  }

  /// A thread's life.
  private func serve() {
    let me = pthread_self()
    state.withLock { (state: inout State) in
      state.starting -= 1
      state.threads.append(me)
    }
    while let item = nextItem(me) { item.run() }
    end.notifyOne()
  }

  /// The next work for a thread; nil if it is to end.
  private func nextItem(_ me: pthread_t) -> BlockingItem? {
    var admitted = WakeToken.none
    var isIdle = false
    let item = state.withLock(waitingFor: work, until: Monotonic.now() &+ idleTime) {
      (state: inout State, isLate: Bool) -> BlockingItem?? in
      if isIdle { state.idle -= 1 }
      isIdle = false
      if let item = state.first, state.queued > 0 {
        unlink(item, &state)
        state.queued -= 1
        admitted = admitNext(&state)
        return .some(item)
      }
      if state.isClosed || isLate {
        state.threads.removeAll { $0 == me }
        // One that was left to itself is joined by nobody.
        if !state.isLeft { state.ended.append(me) }
        return .some(nil)
      }
      state.idle += 1
      isIdle = true
      return nil
    }
    admitted.wake()
    return item
  }

  /// Takes nothing any more, drops what no thread has begun, and waits for the threads, until `deadline` at the latest. On the
  /// runtime's thread, once.
  func end(deadline: UInt64) {
    var dropped: BlockingItem?
    state.withLock { (state: inout State) in
      state.isClosed = true
      dropped = state.first
      var item = state.first
      while let one = item {
        one.standing = .gone
        item = one.next
      }
      state.first = nil
      unsafe state.last = nil
      unsafe state.firstOutside = nil
      state.queued = 0
    }
    while let item = dropped {
      dropped = item.next
      item.next = nil
      item.drop()
    }
    work.notifyAll()
    threadsLeft = state.withLock(waitingFor: end, until: deadline) {
      (state: inout State, isLate: Bool) -> Int? in
      let alive = state.threads.count + state.starting
      if alive > 0 && !isLate { return nil }
      for thread in state.threads { pthread_detach(thread) }
      state.threads = []
      state.isLeft = alive > 0
      return alive
    }
    reap()
  }
}
