// How tasks and threads wait for something that is not a channel's value: a permit, a signal, a zero, a change. Written
// once; each kind says only when a waiter may pass.

internal import NexusRT

/// Why a wait ended without what it was for.
@frozen
public enum WaitError: Error, Equatable, Sendable {
  /// The task, or a cancel scope it is in, was cancelled before or while this waited.
  case cancelled
  /// The deadline came first.
  case timedOut
}

/// Those who wait at a gate. A node's load is what its waiter wants, and once it is settled one of `Admission`.
@usableFromInline typealias GateQueue = WaitQueue<Int>
@usableFromInline typealias GatePlace = WaitQueue<Int>.Place

/// What a settled waiter is left with.
enum Admission {
  static let passed = 1
  static let closed = 0
}

/// How a wait at a gate ended.
@usableFromInline
enum GateResult {
  case passed, closed, cancelled, timedOut

  /// For gates that do not close.
  @usableFromInline
  func throwIfNotPassed() throws(WaitError) {
    switch self {
    case .passed: return
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    case .closed: fatalError("a gate that does not close was closed")
    }
  }
}

/// What an attempt to pass gave.
enum GateStep {
  case passed
  case closed
  /// The waiter is in the queue: its token will be claimed when it may pass.
  case registered(GatePlace)
}

/// What a waiter finds when it comes back to its node.
enum GateLeft {
  case passed
  case closed
  /// It was given nothing, and its node is gone.
  case nothing
  /// It was given nothing, and kept its place.
  case waiting
}

/// Where to wait. A small value that names its structure.
protocol Gate {
  /// What the waiter wants, if it matters.
  associatedtype Want: Sendable

  /// Passes at once, or not. A plain thread calls it a few times before it parks.
  func attempt(_ want: Want) -> GateResult?

  /// Passes, or registers; a waiter that was woken for no reason brings its `place` and keeps it.
  func enter(_ want: Want, _ token: WakeToken, at place: GatePlace?) -> GateStep

  /// The waiter's wait is over. With `staying` it keeps its place if nobody gave it anything.
  func leave(_ place: GatePlace, staying: Bool) -> GateLeft
}

extension Gate {
  /// Waits in a task.
  nonisolated(nonsending) func wait(
    _ want: Want, _ operation: StaticString, until deadline: Deadline?
  ) async -> GateResult {
    var place: GatePlace?
    while true {
      let wait = Wait(for: operation)
      let registered: GatePlace
      switch enter(want, wait.token, at: place) {
      case .passed:
        wait.giveUp()
        return .passed
      case .closed:
        wait.giveUp()
        return .closed
      case .registered(let here): registered = here
      }
      let outcome = await wait.suspend(until: deadline)
      // What was handed over counts, also if the task was cancelled meanwhile.
      switch leave(registered, staying: outcome == .woken) {
      case .passed: return .passed
      case .closed: return .closed
      case .waiting: place = registered
      case .nothing:
        place = nil
        if outcome == .cancelled { return .cancelled }
        if outcome == .timedOut { return .timedOut }
      }
    }
  }

  /// Waits on a plain thread: spins for some microseconds, then parks.
  func waitBlocking(_ want: Want, _ operation: StaticString, until deadline: Deadline?) -> GateResult {
    var spin = Spin()
    repeat {
      if let result = attempt(want) { return result }
    } while spin.pause()
    var place: GatePlace?
    while true {
      let wait = ThreadWait(for: operation)
      let registered: GatePlace
      switch enter(want, wait.token, at: place) {
      case .passed:
        wait.giveUp()
        return .passed
      case .closed:
        wait.giveUp()
        return .closed
      case .registered(let here): registered = here
      }
      let outcome = wait.park(until: deadline)
      switch leave(registered, staying: outcome == .woken) {
      case .passed: return .passed
      case .closed: return .closed
      case .waiting: place = registered
      case .nothing:
        place = nil
        if outcome == .timedOut { return .timedOut }
      }
    }
  }
}

extension WaitQueue where Load == Int {
  /// What a waiter that has come back finds; unless it stays and is still linked, its node is taken out.
  mutating func leave(_ place: Place, staying: Bool) -> GateLeft {
    if staying && isLinked(place) { return .waiting }
    let (isSettled, load) = take(place)
    if !isSettled { return .nothing }
    return load == Admission.closed ? .closed : .passed
  }

  /// A waiter that was woken for no reason is here again, with the token of its next wait.
  ///
  /// - Returns: nil if it has no place any more, because its last wait was found to be over.
  mutating func rejoin(_ token: WakeToken, at place: Place) -> GateStep? {
    switch leave(place, staying: true) {
    case .waiting:
      setToken(token, at: place)
      return .registered(place)
    case .passed: return .passed
    case .closed: return .closed
    case .nothing: return nil
    }
  }

  /// Settles all who wait now, and claims their tokens; one whose wait was over already passes all the same. O(n).
  mutating func settleAll(
    _ admission: Int, into wakes: inout Wakes, sparing spare: inout [WakeToken],
    claim: (WakeToken) -> Bool = { $0.claim() }
  ) {
    while first >= 0 {
      let index = first
      settle(index, admission)
      if claim(nodes[index].token) { wakes.append(nodes[index].token, sparing: &spare) }
    }
  }
}

/// Tokens that were claimed under a lock, to be resumed after it: one or none as a rule.
struct Wakes {
  private(set) var first = WakeToken.none
  private(set) var rest: [WakeToken] = []

  /// Of a crowd's memory, so much is kept.
  static let keptTokens = 256

  var isEmpty: Bool { first == .none }
  var count: Int { first == .none ? 0 : 1 + rest.count }

  /// - Parameter spare: Memory of an earlier crowd, taken when there is more than one.
  mutating func append(_ token: WakeToken, sparing spare: inout [WakeToken]) {
    if first == .none {
      first = token
      return
    }
    if rest.isEmpty && rest.capacity < spare.capacity { swap(&rest, &spare) }
    rest.append(token)
  }

  /// Lets them go on. Outside of all locks.
  func resume() {
    if first == .none { return }
    first.resumeClaimed()
    for token in rest { token.resumeClaimed() }
  }

  /// Gives the memory back for the next crowd.
  mutating func giveBack(to spare: inout [WakeToken]) {
    guard rest.capacity > spare.capacity, rest.capacity <= Wakes.keptTokens else { return }
    rest.removeAll(keepingCapacity: true)
    swap(&rest, &spare)
  }
}

/// A queue of waiters with the memory for waking all of them.
struct Crowd {
  var queue = GateQueue()
  var spare: [WakeToken] = []

  mutating func settleAll(_ admission: Int = Admission.passed, into wakes: inout Wakes) {
    if !queue.isEmpty { queue.settleAll(admission, into: &wakes, sparing: &spare) }
  }
}

/// A value and the lock that guards it, at an address of their own: no access to it is one that Swift tracks.
@safe
struct Locked<Value>: ~Copyable {
  let lock = SpinLock()
  private let value: UnsafeMutablePointer<Value>

  init(_ initial: consuming Value) {
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
  }

  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Calls `body` under the lock. Nobody is woken in it, and no value of the user's deinitialised.
  @inline(__always)
  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return unsafe body(&value.pointee)
  }
}

extension Locked where Value == Crowd {
  /// Resumes whom a section claimed, and keeps the memory.
  @inline(__always)
  func resume(_ wakes: inout Wakes) {
    wakes.resume()
    if wakes.count > 1 { withLock { wakes.giveBack(to: &$0.spare) } }
  }
}
