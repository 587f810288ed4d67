// Waiting for a number of things to be done.

public import NexusRT
public import Synchronization

/// Counts what is under way; tasks and plain threads wait until nothing is.
///
/// ```swift
/// let group = WaitGroup()
/// for job in jobs {
///   spawnBoxed(group.enter()) { member in ... }   // counts down when the task drops its member
/// }
/// try await group.wait()
/// ```
///
/// It may be used again as soon as the count is zero, and who waited for one zero is not kept by the next count. All
/// methods may be called from any thread.
public final class WaitGroup: @unchecked Sendable {
  // Unchecked: `word` is atomic, and the queue is under its lock.

  /// The count, times 2, and the flag `crowded` while somebody waits: the last step to zero is then made under the lock.
  @usableFromInline let word = Atomic<UInt64>(0)
  let crowd = Locked(Crowd())

  @inlinable static var crowded: UInt64 { 1 }
  @inlinable static var one: UInt64 { 2 }
  @inlinable static var maximum: UInt64 { 1 << 62 }

  public init() {}

  /// Counts `number` more things that are under way. O(1), one atomic exchange. Any thread.
  ///
  /// Traps if `number` is negative.
  @inlinable
  public func add(_ number: Int = 1) {
    if number < 0 { WaitGroup.trapNegative(number) }
    let (_, now) = word.add(UInt64(number) &* WaitGroup.one, ordering: .relaxed)
    if now >= WaitGroup.maximum { WaitGroup.trapOverflow() }
  }

  /// One thing, or `number` things, are done. At zero all who wait go on, and see what was done before. Any thread.
  ///
  /// Traps if the count would become negative: then something was not counted, or was done twice.
  ///
  /// - Complexity: O(1) and one atomic exchange, but for the one that reaches zero: O(waiters).
  @inlinable
  public func done(_ number: Int = 1) {
    if number < 0 { WaitGroup.trapNegative(number) }
    let less = UInt64(number) &* WaitGroup.one
    var seen = word.load(ordering: .relaxed)
    while seen != less | WaitGroup.crowded || less == 0 {
      if seen / WaitGroup.one < UInt64(number) {
        WaitGroup.trapTooManyDone(number, Int(seen / WaitGroup.one))
      }
      let (done, now) = word.weakCompareExchange(
        expected: seen, desired: seen &- less, successOrdering: .acquiringAndReleasing,
        failureOrdering: .relaxed)
      if done { return }
      seen = now
    }
    finish(number)
  }

  /// Counts one thing for as long as the member that this returns exists.
  @inlinable
  public func enter() -> Member {
    add()
    return Member(self)
  }

  /// Waits until the count is zero; returns at once if it is. From a task of a runtime.
  ///
  /// - Parameter deadline: When to give up waiting; nil is never.
  /// - Throws: `WaitError.cancelled` or `.timedOut`, not if the count reached zero before.
  /// - Complexity: O(1), no allocation in steady state.
  @inlinable
  nonisolated(nonsending) public func wait(until deadline: Deadline? = nil) async throws(WaitError) {
    if isZero {
      if Budget.isSpent(by: "wait") { await yield() }
    } else {
      try await waitForZero(until: deadline)
    }
  }

  /// As `wait`, on a plain thread: spins for some microseconds, then parks the thread.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  public func waitBlocking(until deadline: Deadline? = nil) throws(WaitError) {
    if isZero { return }
    try ZeroGate(group: self).waitBlocking((), "waitBlocking", until: deadline).throwIfNotPassed()
  }

  /// How many things are under way. Out of date as soon as it is known, if others use the group.
  @inlinable public var count: Int { Int(word.load(ordering: .acquiring) / WaitGroup.one) }

  /// How many wait.
  var waiting: Int { crowd.withLock { $0.queue.count } }

  @inlinable @inline(__always)
  var isZero: Bool { word.load(ordering: .acquiring) < WaitGroup.one }

  /// One thing under way: counted down when it is dropped, in whatever task or thread.
  @frozen
  public struct Member: ~Copyable, Sendable {
    @usableFromInline let group: WaitGroup

    @inlinable
    init(_ group: WaitGroup) { self.group = group }

    @inlinable
    deinit { group.done() }

    /// Counts down now: the same as dropping the member, said aloud.
    @inlinable
    public consuming func done() {}
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) func waitForZero(until deadline: Deadline?) async throws(WaitError) {
    try await ZeroGate(group: self).wait((), "wait", until: deadline).throwIfNotPassed()
  }

  /// Counts down to what seems to be zero, with somebody waiting for it.
  @usableFromInline @inline(never)
  func finish(_ number: Int) {
    var wakes = Wakes()
    crowd.withLock { crowd in
      let less = UInt64(number) &* WaitGroup.one
      var seen = word.load(ordering: .relaxed)
      while true {
        if seen / WaitGroup.one < UInt64(number) {
          WaitGroup.trapTooManyDone(number, Int(seen / WaitGroup.one))
        }
        // Nobody registers for a count that is counted again meanwhile: that takes the lock.
        let isLast = seen / WaitGroup.one == UInt64(number)
        let (done, now) = word.weakCompareExchange(
          expected: seen, desired: isLast ? 0 : seen &- less, successOrdering: .acquiringAndReleasing,
          failureOrdering: .relaxed)
        if done {
          if isLast { crowd.settleAll(into: &wakes) }
          return
        }
        seen = now
      }
    }
    crowd.resume(&wakes)
  }

  struct ZeroGate: Gate {
    let group: WaitGroup

    func attempt(_: Void) -> GateResult? { group.isZero ? .passed : nil }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      group.crowd.withLock { crowd in
        if let place, let step = crowd.queue.rejoin(token, at: place) { return step }
        var seen = group.word.load(ordering: .acquiring)
        while true {
          if seen < WaitGroup.one { return .passed }
          let (done, now) = group.word.weakCompareExchange(
            expected: seen, desired: seen | WaitGroup.crowded, successOrdering: .acquiringAndReleasing,
            failureOrdering: .acquiring)
          if done { return .registered(crowd.queue.append(token, 0, isFuture: false)) }
          seen = now
        }
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      group.crowd.withLock { crowd in
        let left = crowd.queue.leave(place, staying: staying)
        if crowd.queue.isEmpty { group.word.bitwiseAnd(~WaitGroup.crowded, ordering: .acquiringAndReleasing) }
        return left
      }
    }
  }

  @usableFromInline @inline(never)
  static func trapNegative(_ number: Int) -> Never {
    fatalError("NexusChannels: a WaitGroup was given the number \(number): it counts what there is")
  }

  @usableFromInline @inline(never)
  static func trapOverflow() -> Never {
    fatalError("NexusChannels: a WaitGroup counts more than 2^61 things")
  }

  @usableFromInline @inline(never)
  static func trapTooManyDone(_ number: Int, _ count: Int) -> Never {
    fatalError(
      "NexusChannels: \(number) done in a WaitGroup that counts \(count): add before the work, done once after it"
    )
  }
}
