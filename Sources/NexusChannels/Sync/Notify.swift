// A signal without a value.

public import NexusRT
public import Synchronization

/// Lets tasks and plain threads wait until something has happened, of which the others tell them.
///
/// `notifyOne` is for those who share work: one waiter goes on, or the next who comes. `notifyAll` is for all who wait at
/// that moment. Who waits for a condition looks at it again after each `wait`, and for that uses `notifyOne`: a
/// `notifyAll` between its look and its wait is not kept.
///
/// All methods may be called from any thread.
public final class Notify: @unchecked Sendable {
  // Unchecked: `word` is atomic, and the queue is under its lock.

  /// `idle`, `stored` with a permit, or `crowded` while somebody waits: then only who holds the lock changes it.
  @usableFromInline let word = Atomic<UInt64>(0)
  let crowd = Locked(Crowd())

  @inlinable static var idle: UInt64 { 0 }
  @inlinable static var stored: UInt64 { 1 }
  @inlinable static var crowded: UInt64 { 2 }

  public init() {}

  /// Wakes the one who has waited longest; if nobody waits, the next `wait` returns at once. At most one such permit is
  /// stored.
  ///
  /// What the caller did before is visible to the one who returns from `wait`.
  ///
  /// - Complexity: O(1) and one atomic exchange if nobody waits. Any thread.
  @inlinable
  public func notifyOne() {
    var seen = word.load(ordering: .relaxed)
    while seen != Notify.crowded {
      // Also where a permit is stored already: the exchange publishes what the caller did to the one who takes it.
      let (done, now) = word.weakCompareExchange(
        expected: seen, desired: Notify.stored, successOrdering: .acquiringAndReleasing,
        failureOrdering: .relaxed)
      if done { return }
      seen = now
    }
    notifyFirst()
  }

  /// Wakes all who wait at the moment of the call, and nobody who comes later. A stored permit stays.
  ///
  /// - Complexity: O(waiters). Any thread.
  public func notifyAll() {
    var wakes = Wakes()
    crowd.withLock { crowd in
      guard word.load(ordering: .acquiring) == Notify.crowded else { return }
      // Those whose wait has just ended otherwise were waiting too: they find that they were notified.
      crowd.settleAll(into: &wakes)
      word.store(Notify.idle, ordering: .releasing)
    }
    crowd.resume(&wakes)
  }

  /// Waits to be notified; takes a stored permit at once. From a task of a runtime.
  ///
  /// Who was notified returns, also if it is cancelled afterwards. A `notifyOne` that comes after the cancellation goes to
  /// the next.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `WaitError.cancelled` or `.timedOut`.
  /// - Complexity: O(1), no allocation in steady state.
  @inlinable
  nonisolated(nonsending) public func wait(until deadline: Deadline? = nil) async throws(WaitError) {
    if takeStored() {
      if Budget.isSpent(by: "wait") { await yield() }
    } else {
      try await waitForNotification(until: deadline)
    }
  }

  /// As `wait`, on a plain thread: spins for some microseconds, then parks the thread.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  public func waitBlocking(until deadline: Deadline? = nil) throws(WaitError) {
    if takeStored() { return }
    try NotifyGate(notify: self).waitBlocking((), "waitBlocking", until: deadline).throwIfNotPassed()
  }

  /// How many wait.
  var waiting: Int { crowd.withLock { $0.queue.count } }

  @inlinable @inline(__always)
  func takeStored() -> Bool {
    word.compareExchange(
      expected: Notify.stored, desired: Notify.idle, successOrdering: .acquiring, failureOrdering: .relaxed
    ).exchanged
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) func waitForNotification(until deadline: Deadline?) async throws(WaitError) {
    try await NotifyGate(notify: self).wait((), "wait", until: deadline).throwIfNotPassed()
  }

  @usableFromInline @inline(never)
  func notifyFirst() {
    var wakes = Wakes()
    crowd.withLock { crowd in
      var seen = word.load(ordering: .acquiring)
      while seen != Notify.crowded {
        // They have all gone since.
        let (done, now) = word.weakCompareExchange(
          expected: seen, desired: Notify.stored, ordering: .acquiringAndReleasing)
        if done { return }
        seen = now
      }
      let isTaken = Notify.settleFirst(&crowd, &wakes)
      if crowd.queue.isEmpty { word.store(isTaken ? Notify.idle : Notify.stored, ordering: .releasing) }
    }
    crowd.resume(&wakes)
  }

  /// Settles the first whose wait is not over, and passes those before it; false if there is none.
  static func settleFirst(
    _ crowd: inout Crowd, _ wakes: inout Wakes, claim: (WakeToken) -> Bool = { $0.claim() }
  ) -> Bool {
    while crowd.queue.first >= 0 {
      let index = crowd.queue.first
      let token = crowd.queue.nodes[index].token
      guard claim(token) else {
        crowd.queue.pass(index)
        continue
      }
      crowd.queue.settle(index, Admission.passed)
      wakes.append(token, sparing: &crowd.spare)
      return true
    }
    return false
  }

  struct NotifyGate: Gate {
    let notify: Notify

    func attempt(_: Void) -> GateResult? { notify.takeStored() ? .passed : nil }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      notify.crowd.withLock { crowd in
        if let place, let step = crowd.queue.rejoin(token, at: place) { return step }
        while true {
          if notify.takeStored() { return .passed }
          let (done, seen) = notify.word.compareExchange(
            expected: Notify.idle, desired: Notify.crowded, ordering: .acquiringAndReleasing)
          if done || seen == Notify.crowded { break }
        }
        return .registered(crowd.queue.append(token, 0, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      notify.crowd.withLock { crowd in
        let wasEmpty = crowd.queue.isEmpty
        let left = crowd.queue.leave(place, staying: staying)
        if !wasEmpty && crowd.queue.isEmpty { notify.word.store(Notify.idle, ordering: .releasing) }
        return left
      }
    }
  }
}
