// Permits, first come, first served.

public import NexusRT
public import Synchronization

/// Why permits were not acquired.
@frozen
public enum AcquireError: Error, Equatable, Sendable {
  /// The semaphore was closed.
  case closed
  /// The task, or a cancel scope it is in, was cancelled before or while this waited. It got no permit.
  case cancelled
  /// The deadline came first. No permit was taken.
  case timedOut
}

/// A number of permits, for tasks and plain threads alike: who acquires some has them until it drops its `Permit`.
///
/// Strictly first come, first served: who asks for many is not overtaken by who asks for few, also not by a
/// `tryAcquire`. All methods may be called from any thread. A permit keeps its semaphore alive.
///
/// ```swift
/// let connections = Semaphore(permits: 8)
/// let permit = try await connections.acquire()
/// ...                // the permit is given back at the end of its scope
/// ```
public final class Semaphore: @unchecked Sendable {
  // Unchecked: `word` is atomic, and the queue is under its lock.

  /// The free permits, times 4, and two flags: `crowded` while somebody waits, `shut` once closed.
  ///
  /// With neither flag whoever exchanges it takes or gives permits; while `crowded` only who holds the lock changes it.
  @usableFromInline let word: Atomic<UInt64>
  let crowd = Locked(Crowd())

  @inlinable static var crowded: UInt64 { 1 }
  @inlinable static var shut: UInt64 { 2 }
  @inlinable static var one: UInt64 { 4 }
  /// The most permits that a semaphore can have.
  @inlinable public static var maximum: Int { 1 << 60 }

  /// A semaphore with `permits` free permits; 0 is allowed.
  public init(permits: Int) {
    Semaphore.requireCount(permits, atLeast: 0)
    word = Atomic(UInt64(permits) * Semaphore.one)
  }

  // MARK: Acquiring

  /// `count` permits, if they are free now and nobody waits.
  ///
  /// - Returns: nil if they are not.
  /// - Throws: `AcquireError.closed` once the semaphore is closed.
  /// - Complexity: O(1), one atomic exchange, no allocation. From tasks and threads alike.
  @inlinable @inline(__always)
  public func tryAcquire(_ count: Int = 1) throws(AcquireError) -> Permit? {
    switch take(count) {
    case .passed: return Permit(self, count)
    case .closed: throw .closed
    default: return nil
    }
  }

  /// `count` permits; waits until they are free and all who came before have theirs. From a task of a runtime.
  ///
  /// Permits that are free are given without a look at cancellation. Those that were handed over before the cancellation
  /// are returned; otherwise who is cancelled leaves the queue, and whoever is behind it and fits goes on.
  ///
  /// - Parameters:
  ///   - count: At least 1. More than there will ever be are waited for for ever.
  ///   - deadline: When to give up waiting; nil is never.
  /// - Throws: `AcquireError.closed` if the semaphore is or gets closed, `.cancelled` or `.timedOut`.
  /// - Complexity: O(1), no allocation in steady state. Suspends only if it
  ///   must wait.
  @inlinable @inline(__always)
  nonisolated(nonsending) public func acquire(
    _ count: Int = 1, until deadline: Deadline? = nil
  ) async throws(AcquireError) -> Permit {
    var result = take(count)
    if result == .passed {
      if Budget.isSpent(by: "acquire") { await yield() }
    } else if result == .timedOut {
      result = await waitToAcquire(count, until: deadline)
    }
    try Semaphore.check(result)
    return Permit(self, count)
  }

  /// As `acquire`, on a plain thread: spins for some microseconds, then parks the thread.
  ///
  /// Traps on a runtime's thread when it would have to wait.
  public func acquireBlocking(
    _ count: Int = 1, until deadline: Deadline? = nil
  ) throws(AcquireError) -> Permit {
    var result = take(count)
    if result == .timedOut {
      result = PermitGate(semaphore: self).waitBlocking(count, "acquireBlocking", until: deadline)
    }
    try Semaphore.check(result)
    return Permit(self, count)
  }

  // MARK: The rest

  /// Adds `count` permits to those that there are; who waits for them is woken. O(woken). Any thread.
  @inlinable
  public func add(permits count: Int) {
    if count > 0 { give(count) } else { Semaphore.requireCount(count, atLeast: 0) }
  }

  /// Closes the semaphore: who waits is woken and gets `AcquireError.closed`, and so does whoever asks from now on. Permits
  /// that are out stay good. O(waiters), and nothing the second time. Any thread.
  public func close() {
    var wakes = Wakes()
    crowd.withLock { crowd in
      word.bitwiseOr(Semaphore.shut, ordering: .acquiringAndReleasing)
      crowd.settleAll(Admission.closed, into: &wakes)
      word.bitwiseAnd(~Semaphore.crowded, ordering: .acquiringAndReleasing)
    }
    crowd.resume(&wakes)
  }

  /// Whether it was closed.
  @inlinable public var isClosed: Bool { word.load(ordering: .acquiring) & Semaphore.shut != 0 }

  /// Free permits. Out of date as soon as it is known, if others use the semaphore.
  @inlinable public var available: Int { Int(word.load(ordering: .acquiring) / Semaphore.one) }

  /// How many wait for permits.
  var waiting: Int { crowd.withLock { $0.queue.count } }

  // MARK: Permits

  /// Permits that somebody has. Given back when it is dropped.
  ///
  /// It may be moved to another task or thread and be dropped there.
  @frozen
  public struct Permit: ~Copyable, Sendable {
    @usableFromInline let semaphore: Semaphore
    @usableFromInline var held: Int

    @inlinable @inline(__always)
    init(_ semaphore: Semaphore, _ count: Int) {
      self.semaphore = semaphore
      held = count
    }

    @inlinable @inline(__always)
    deinit { if held > 0 { semaphore.give(held) } }

    /// How many permits these are.
    @inlinable public var count: Int { held }

    /// Gives the permits back now: the same as dropping them, said aloud.
    ///
    /// - Complexity: O(1) and one atomic exchange if nobody waits; otherwise O(woken).
    @inlinable
    public consuming func release() {}

    /// Drops the permits without giving them back: the semaphore has so many less from now on.
    @inlinable
    public consuming func forget() { held = 0 }

    /// Takes `part` of these permits into a permit of their own; nil if there are not as many.
    @inlinable
    public mutating func split(_ part: Int) -> Permit? {
      guard part > 0, part <= held else { return nil }
      held -= part
      return Permit(semaphore, part)
    }
  }

  // MARK: Inside

  /// Takes permits at once: `passed` or `closed`, or `timedOut` if it would have to wait.
  @inlinable @inline(__always)
  func take(_ count: Int) -> GateResult {
    if count < 1 { Semaphore.requireCount(count, atLeast: 1) }
    var seen = word.load(ordering: .relaxed)
    while true {
      if seen & Semaphore.shut != 0 { return .closed }
      guard seen & Semaphore.crowded == 0, seen / Semaphore.one >= UInt64(count) else { return .timedOut }
      // Acquire: what the one who gave the permits did is visible to the one who takes them.
      let (done, now) = word.weakCompareExchange(
        expected: seen, desired: seen &- UInt64(count) &* Semaphore.one,
        successOrdering: .acquiring, failureOrdering: .relaxed)
      if done { return .passed }
      seen = now
    }
  }

  /// Gives permits back.
  @inlinable @inline(__always)
  func give(_ count: Int) {
    var seen = word.load(ordering: .relaxed)
    while seen & Semaphore.crowded == 0 && seen / Semaphore.one < UInt64(Semaphore.maximum - count) {
      let (done, now) = word.weakCompareExchange(
        expected: seen, desired: seen &+ UInt64(count) &* Semaphore.one,
        successOrdering: .releasing, failureOrdering: .relaxed)
      if done { return }
      seen = now
    }
    giveToCrowd(count)
  }

  @usableFromInline @inline(never)
  func giveToCrowd(_ count: Int) {
    var wakes = Wakes()
    crowd.withLock { crowd in
      let now = word.add(UInt64(count) &* Semaphore.one, ordering: .acquiringAndReleasing).newValue
      Semaphore.requireCount(Int(now / Semaphore.one), atLeast: 0)
      serve(&crowd, &wakes)
    }
    crowd.resume(&wakes)
  }

  /// Hands free permits to those who wait. Under the lock.
  private func serve(_ crowd: inout Crowd, _ wakes: inout Wakes) {
    let seen = word.load(ordering: .acquiring)
    // With nobody in the queue the word is everybody's.
    guard seen & Semaphore.crowded != 0 else { return }
    let free = Semaphore.serve(&crowd, Int(seen / Semaphore.one), &wakes)
    let flags = (seen & Semaphore.shut) | (crowd.queue.isEmpty ? 0 : Semaphore.crowded)
    word.store(UInt64(free) &* Semaphore.one | flags, ordering: .releasing)
  }

  /// Hands `free` permits to those at the front who fit, in order, and stops at the first who does not.
  ///
  /// - Returns: What is left.
  static func serve(
    _ crowd: inout Crowd, _ free: Int, _ wakes: inout Wakes,
    claim: (WakeToken) -> Bool = { $0.claim() }
  ) -> Int {
    var free = free
    while crowd.queue.first >= 0 {
      let index = crowd.queue.first
      let want = crowd.queue.nodes[index].load ?? 0
      guard want <= free else { break }
      let token = crowd.queue.nodes[index].token
      if claim(token) {
        crowd.queue.settle(index, Admission.passed)
        wakes.append(token, sparing: &crowd.spare)
        free -= want
      } else {
        // Its wait is over, for another reason: the next in turn.
        crowd.queue.pass(index)
      }
    }
    return free
  }

  /// Who waits for permits.
  struct PermitGate: Gate {
    let semaphore: Semaphore

    func attempt(_ count: Int) -> GateResult? {
      let result = semaphore.take(count)
      return result == .timedOut ? nil : result
    }

    func enter(_ count: Int, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      semaphore.crowd.withLock { crowd in
        if let place, let step = crowd.queue.rejoin(token, at: place) { return step }
        var seen = semaphore.word.load(ordering: .relaxed)
        while true {
          if seen & Semaphore.shut != 0 { return .closed }
          if seen & Semaphore.crowded != 0 { break }
          let fits = seen / Semaphore.one >= UInt64(count)
          let (done, now) = semaphore.word.weakCompareExchange(
            expected: seen,
            desired: fits ? seen &- UInt64(count) &* Semaphore.one : seen | Semaphore.crowded,
            successOrdering: .acquiring, failureOrdering: .relaxed)
          if done && fits { return .passed }
          if done { break }
          seen = now
        }
        return .registered(crowd.queue.append(token, count, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      var wakes = Wakes()
      let left = semaphore.crowd.withLock { crowd in
        let left = crowd.queue.leave(place, staying: staying)
        // It may have been the one that those behind it had to wait for.
        if left == .nothing { semaphore.serve(&crowd, &wakes) }
        return left
      }
      semaphore.crowd.resume(&wakes)
      return left
    }
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) func waitToAcquire(_ count: Int, until deadline: Deadline?) async -> GateResult {
    await PermitGate(semaphore: self).wait(count, "acquire", until: deadline)
  }

  @inlinable @inline(__always)
  static func check(_ result: GateResult) throws(AcquireError) {
    switch result {
    case .passed: return
    case .closed: throw .closed
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    }
  }

  @usableFromInline @inline(never)
  static func requireCount(_ count: Int, atLeast least: Int) {
    if count < least || count > maximum {
      fatalError("NexusChannels: a semaphore was asked for \(count) permits: \(least) to 2^60 it can be")
    }
  }
}
