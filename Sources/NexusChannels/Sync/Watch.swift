// The channel that keeps the latest value only.

public import NexusRT
internal import Synchronization

/// Makes channels that hold one value, always the latest: a configuration, a price, a state that many look at.
///
/// Receivers look at the value at any time and may wait for the next change; what changes meanwhile is not queued.
/// Readers and senders never wait for each other: a value that somebody looks at stays until it has looked.
public enum Watch {
  /// A new channel that holds `initial`, which counts as seen by the receiver.
  @inlinable
  public static func channel<Value>(_ initial: consuming Value) -> ChannelEnds<Sender<Value>, Receiver<Value>>
  {
    let box = unsafe WatchBox<Value>.make(nil, consume initial)
    let hub = unsafe WatchedHub(box)
    return ChannelEnds(Sender(hub), Receiver(hub, seen: hub.seenVersion))
  }

  /// An end that publishes values. It may be cloned, and used from several threads at a time.
  @frozen
  public struct Sender<Value>: ~Copyable {
    @usableFromInline let hub: WatchedHub

    @inlinable
    init(_ hub: WatchedHub) { self.hub = hub }

    @inlinable
    deinit {
      hub.senderLeaves()
      if hub.isLastEnd() { unsafe WatchBox<Value>.freeAll(hub.abandonBoxes()) }
    }

    /// Makes `value` the latest and wakes who waits for a change. There need not be a receiver: those that subscribe later
    /// find it.
    ///
    /// The value before is deinitialised here, unless somebody looks at it just now.
    ///
    /// - Complexity: O(waiters), no allocation in steady state. From tasks and threads alike.
    @inlinable
    public borrowing func send(_ value: consuming Value) {
      let box = unsafe WatchBox<Value>.make(hub.takeSpare(), consume value)
      if let old = unsafe hub.publish(box, after: nil) { unsafe WatchBox<Value>.release(old, hub) }
    }

    /// Changes the latest value by `body`, on a copy, and publishes that; nobody sees it half done.
    ///
    /// If another sender publishes meanwhile `body` is called again with that value. Nothing is published if it throws.
    @inlinable
    public borrowing func update<Result, Failure: Error>(
      _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      while true {
        let current = unsafe hub.pin()
        var value = unsafe WatchBox<Value>.value(current.box).pointee
        unsafe WatchBox<Value>.release(current.box, hub)
        let result = try body(&value)
        let box = unsafe WatchBox<Value>.make(hub.takeSpare(), value)
        if let old = unsafe hub.publish(box, after: current.version) {
          unsafe WatchBox<Value>.release(old, hub)
          return result
        }
        unsafe WatchBox<Value>.release(box, hub)
      }
    }

    /// The latest value.
    @inlinable
    public var latest: Value { WatchBox<Value>.latest(hub) }

    /// A new receiver, for which the latest value counts as seen.
    @inlinable
    public borrowing func subscribe() -> Receiver<Value> { Receiver(hub, seen: hub.addReceiver()) }

    /// Another sender.
    @inlinable
    public borrowing func clone() -> Sender {
      hub.addSender()
      return Sender(hub)
    }

    /// Waits until there is no receiver. From a task of a runtime. There can be one again: `subscribe` makes one.
    ///
    /// - Throws: `WaitError.cancelled` or `.timedOut`.
    /// - Complexity: O(1), no allocation in steady state; O(log n) in the number of waits with a deadline.
    @inlinable
    nonisolated(nonsending) public borrowing func closed(until deadline: Deadline? = nil)
      async throws(WaitError)
    {
      try await hub.waitForNoReceiver(until: deadline).throwIfNotPassed()
    }

    /// As `closed`, on a plain thread. Traps on a runtime's thread when it would have to wait.
    @inlinable
    public borrowing func closedBlocking(until deadline: Deadline? = nil) throws(WaitError) {
      try hub.waitForNoReceiverBlocking(until: deadline).throwIfNotPassed()
    }

    /// Whether there is no receiver now.
    @inlinable public var isClosed: Bool { hub.receiverCount == 0 }

    /// How many receivers there are now.
    @inlinable public var receiverCount: Int { hub.receiverCount }
  }

  /// An end that looks at the latest value and waits for changes. One task or thread at a time uses it; others clone it.
  @frozen
  public struct Receiver<Value>: ~Copyable {
    @usableFromInline let hub: WatchedHub
    /// The version that counts as seen.
    @usableFromInline var seen: UInt64

    @inlinable
    init(_ hub: WatchedHub, seen: UInt64) {
      self.hub = hub
      self.seen = seen
    }

    @inlinable
    deinit {
      hub.receiverLeaves()
      if hub.isLastEnd() { unsafe WatchBox<Value>.freeAll(hub.abandonBoxes()) }
    }

    /// Waits until there is a value that this receiver has not seen, which then counts as seen. From a task of a runtime.
    ///
    /// - Parameter deadline: When to give up waiting; nil is never.
    /// - Throws: `ReceiveError.closed` once all senders are gone and the last value was seen; `.cancelled` or `.timedOut`, and
    ///   then nothing counts as seen.
    /// - Complexity: O(1), no allocation in steady state; O(log n) in the number of waits with a deadline.
    @inlinable
    nonisolated(nonsending) public mutating func changed(
      until deadline: Deadline? = nil
    ) async throws(ReceiveError) {
      if hub.seenVersion == seen {
        try Watch.check(await hub.waitForChange(of: seen, until: deadline))
      } else if Budget.isSpent(by: "changed") {
        await yield()
      }
      seen = hub.seenVersion
    }

    /// As `changed`, on a plain thread: spins for some microseconds, then parks the thread.
    ///
    /// Traps on a runtime's thread when it would have to wait.
    @inlinable
    public mutating func changedBlocking(until deadline: Deadline? = nil) throws(ReceiveError) {
      if hub.seenVersion == seen { try Watch.check(hub.waitForChangeBlocking(of: seen, until: deadline)) }
      seen = hub.seenVersion
    }

    /// The next value that this receiver has not seen, and just that one counts as seen: `changed` and `latest` in one.
    ///
    /// - Throws: As `changed`.
    @inlinable
    nonisolated(nonsending) public mutating func next(
      until deadline: Deadline? = nil
    ) async throws(ReceiveError) -> Value {
      try await changed(until: deadline)
      return takeLatest()
    }

    /// As `next`, on a plain thread.
    @inlinable
    public mutating func nextBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> Value {
      try changedBlocking(until: deadline)
      return takeLatest()
    }

    /// The latest value, which counts as seen from now on.
    @inlinable
    public mutating func takeLatest() -> Value {
      let current = unsafe hub.pin()
      let value = unsafe WatchBox<Value>.value(current.box).pointee
      seen = unsafe current.version
      unsafe WatchBox<Value>.release(current.box, hub)
      return value
    }

    /// The latest value. What counts as seen does not change.
    @inlinable
    public var latest: Value { WatchBox<Value>.latest(hub) }

    /// Calls `body` with the latest value in its place, without a copy. What counts as seen does not change.
    ///
    /// Senders do not wait for `body`, which may do what it likes, also with this channel.
    @inlinable
    public borrowing func withLatest<Result, Failure: Error>(
      _ body: (Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      let current = unsafe hub.pin()
      defer { unsafe WatchBox<Value>.release(current.box, hub) }
      return try unsafe body(WatchBox<Value>.value(current.box).pointee)
    }

    /// Whether there is a value that this receiver has not seen.
    @inlinable public var hasChanged: Bool { hub.seenVersion != seen }

    /// Whether all senders are gone, so that the value stays what it is.
    @inlinable public var isClosed: Bool { hub.isClosed }

    /// Another receiver, which has seen what this one has.
    @inlinable
    public borrowing func clone() -> Receiver {
      _ = hub.addReceiver()
      return Receiver(hub, seen: seen)
    }
  }

  @inlinable
  static func check(_ result: GateResult) throws(ReceiveError) {
    switch result {
    case .passed: return
    case .closed: throw .closed
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    }
  }
}

extension Watch.Sender: @unchecked Sendable where Value: Sendable {}
extension Watch.Receiver: @unchecked Sendable where Value: Sendable {}

/// The memory of one value: a count of who looks at it, the channel itself being one, and the value behind it.
@usableFromInline
enum WatchBox<Value> {
  @inlinable static var alignment: Int { max(MemoryLayout<Value>.alignment, 8) }

  /// - Parameter spare: Memory that is free.
  @inlinable
  static func make(_ spare: UnsafeMutableRawPointer?, _ value: consuming Value) -> UnsafeMutableRawPointer {
    let box =
      unsafe spare
      ?? .allocate(byteCount: alignment + max(MemoryLayout<Value>.size, 1), alignment: alignment)
    unsafe box.bindMemory(to: BoxCount.self, capacity: 1).initialize(to: BoxCount())
    unsafe (box + alignment).bindMemory(to: Value.self, capacity: 1).initialize(to: value)
    return unsafe box
  }

  @inlinable
  static func value(_ box: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Value> {
    unsafe (box + alignment).assumingMemoryBound(to: Value.self)
  }

  /// Gives a reference up; with the last one the value is deinitialised, under no lock, and the memory kept as the spare.
  @inlinable
  static func release(_ box: UnsafeMutableRawPointer, _ hub: WatchedHub) {
    guard unsafe BoxCount.subtract(box) else { return }
    unsafe value(box).deinitialize(count: 1)
    if let unwanted = unsafe hub.giveSpare(box) { unsafe unwanted.deallocate() }
  }

  @inlinable
  static func latest(_ hub: WatchedHub) -> Value {
    let current = unsafe hub.pin()
    defer { unsafe release(current.box, hub) }
    return unsafe value(current.box).pointee
  }

  /// The last end goes.
  @inlinable
  static func freeAll(_ boxes: (current: UnsafeMutableRawPointer, spare: UnsafeMutableRawPointer?)) {
    unsafe boxes.spare?.deallocate()
    unsafe value(boxes.current).deinitialize(count: 1)
    unsafe boxes.current.deallocate()
  }
}

@usableFromInline
struct BoxCount: ~Copyable {
  let count = Atomic<Int>(1)

  @usableFromInline init() {}

  static func add(_ box: UnsafeMutableRawPointer) {
    // Relaxed: who adds holds the lock, under which the channel has a reference.
    unsafe box.assumingMemoryBound(to: BoxCount.self).pointee.count.add(1, ordering: .relaxed)
  }

  /// - Returns: Whether that was the last one.
  @usableFromInline
  static func subtract(_ box: UnsafeMutableRawPointer) -> Bool {
    unsafe box.assumingMemoryBound(to: BoxCount.self).pointee.count
      .subtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }
}

/// What the ends of one channel share, whatever its values are.
@usableFromInline
@safe final class WatchedHub: @unchecked Sendable {
  // Unchecked: atomics, and what is under the lock.

  @safe struct State {
    /// The latest value's box.
    var current: UnsafeMutableRawPointer
    var senders = 1
    var receivers = 1
    /// Receivers that wait for a change.
    var changes = Crowd()
    /// Senders that wait until no receiver is left.
    var departures = Crowd()
  }

  /// Two more with each value; the last bit says that all senders are gone. Written under the lock.
  let version = Atomic<UInt64>(0)
  let ends = Atomic<Int>(2)
  /// A box without a value, or 0.
  let spare = Atomic<UInt>(0)
  let state: Locked<State>

  @usableFromInline
  init(_ box: UnsafeMutableRawPointer) { state = unsafe Locked(State(current: box)) }

  @usableFromInline var seenVersion: UInt64 { version.load(ordering: .acquiring) & ~1 }
  @usableFromInline var isClosed: Bool { version.load(ordering: .acquiring) & 1 != 0 }
  @usableFromInline var receiverCount: Int { state.withLock { $0.receivers } }
  var waiting: Int { state.withLock { $0.changes.queue.count + $0.departures.queue.count } }

  // MARK: The value

  /// The latest value's box, with a reference for the caller.
  @usableFromInline
  func pin() -> (box: UnsafeMutableRawPointer, version: UInt64) {
    unsafe state.withLock { state in
      unsafe BoxCount.add(state.current)
      return unsafe (state.current, version.load(ordering: .relaxed) & ~1)
    }
  }

  /// Makes `box` the latest, if `expected` is the version still.
  ///
  /// - Returns: The box before, with the reference that the channel had; nil if nothing was published.
  @usableFromInline
  func publish(_ box: UnsafeMutableRawPointer, after expected: UInt64?) -> UnsafeMutableRawPointer? {
    var wakes = Wakes()
    let old = unsafe state.withLock { state -> UnsafeMutableRawPointer? in
      let now = version.load(ordering: .relaxed)
      if let expected, now & ~1 != expected { return nil }
      let old = unsafe state.current
      unsafe state.current = unsafe box
      version.store(now &+ 2, ordering: .releasing)
      state.changes.settleAll(into: &wakes)
      return unsafe old
    }
    resume(&wakes)
    return unsafe old
  }

  @usableFromInline
  func takeSpare() -> UnsafeMutableRawPointer? {
    if spare.load(ordering: .relaxed) == 0 { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: spare.exchange(0, ordering: .acquiring))
  }

  /// - Returns: A box that is one too many.
  @usableFromInline
  func giveSpare(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    unsafe UnsafeMutableRawPointer(
      bitPattern: spare.exchange(UInt(bitPattern: box), ordering: .acquiringAndReleasing))
  }

  // MARK: The ends

  @usableFromInline
  func addSender() {
    ends.add(1, ordering: .relaxed)
    state.withLock { $0.senders += 1 }
  }

  /// - Returns: The version.
  @usableFromInline
  func addReceiver() -> UInt64 {
    ends.add(1, ordering: .relaxed)
    return state.withLock { state in
      state.receivers += 1
      return version.load(ordering: .relaxed) & ~1
    }
  }

  @usableFromInline
  func senderLeaves() {
    var wakes = Wakes()
    state.withLock { state in
      state.senders -= 1
      guard state.senders == 0 else { return }
      version.bitwiseOr(1, ordering: .releasing)
      state.changes.settleAll(into: &wakes)
    }
    resume(&wakes)
  }

  @usableFromInline
  func receiverLeaves() {
    var wakes = Wakes()
    state.withLock { state in
      state.receivers -= 1
      if state.receivers == 0 { state.departures.settleAll(into: &wakes) }
    }
    resume(&wakes)
  }

  /// An end is done with the channel; true for the last one, which frees the boxes.
  @usableFromInline
  func isLastEnd() -> Bool { ends.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

  @usableFromInline
  func abandonBoxes() -> (current: UnsafeMutableRawPointer, spare: UnsafeMutableRawPointer?) {
    unsafe state.withLock { unsafe ($0.current, takeSpare()) }
  }

  private func resume(_ wakes: inout Wakes) {
    wakes.resume()
    guard wakes.count > 1 else { return }
    state.withLock { state in
      wakes.giveBack(to: &state.changes.spare)
      wakes.giveBack(to: &state.departures.spare)
    }
  }

  // MARK: Waiting

  /// For a version other than the one seen.
  struct ChangeGate: Gate {
    let hub: WatchedHub

    func attempt(_ seen: UInt64) -> GateResult? {
      let now = hub.version.load(ordering: .acquiring)
      if now & ~1 != seen { return .passed }
      return now & 1 != 0 ? .closed : nil
    }

    func enter(_ seen: UInt64, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.state.withLock { state in
        // Whoever changes anything settles all: the version alone decides.
        if let place, case .registered(let place)? = state.changes.queue.rejoin(token, at: place) {
          return .registered(place)
        }
        switch attempt(seen) {
        case .passed: return .passed
        case .closed: return .closed
        default: return .registered(state.changes.queue.append(token, 0, isFuture: false))
        }
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      let left = hub.state.withLock { $0.changes.queue.leave(place, staying: staying) }
      // Nothing is handed over here: who was cancelled before the change is cancelled.
      return staying ? left : .nothing
    }
  }

  /// For the receivers to be gone.
  struct DepartureGate: Gate {
    let hub: WatchedHub

    func attempt(_: Void) -> GateResult? { hub.receiverCount == 0 ? .passed : nil }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.state.withLock { state in
        if let place, let step = state.departures.queue.rejoin(token, at: place) { return step }
        if state.receivers == 0 { return .passed }
        return .registered(state.departures.queue.append(token, 0, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      hub.state.withLock { $0.departures.queue.leave(place, staying: staying) }
    }
  }

  @usableFromInline
  nonisolated(nonsending) func waitForChange(of seen: UInt64, until deadline: Deadline?) async -> GateResult {
    let gate = ChangeGate(hub: self)
    // Settled without a version: the senders are gone.
    return await gate.wait(seen, "changed", until: deadline).looking(gate.attempt(seen))
  }

  @usableFromInline
  func waitForChangeBlocking(of seen: UInt64, until deadline: Deadline?) -> GateResult {
    let gate = ChangeGate(hub: self)
    return gate.waitBlocking(seen, "changedBlocking", until: deadline).looking(gate.attempt(seen))
  }

  @usableFromInline
  nonisolated(nonsending) func waitForNoReceiver(until deadline: Deadline?) async -> GateResult {
    await DepartureGate(hub: self).wait((), "closed", until: deadline)
  }

  @usableFromInline
  func waitForNoReceiverBlocking(until deadline: Deadline?) -> GateResult {
    DepartureGate(hub: self).waitBlocking((), "closedBlocking", until: deadline)
  }
}

extension GateResult {
  /// What a waiter that was let in finds when it looks itself.
  func looking(_ found: @autoclosure () -> GateResult?) -> GateResult {
    self == .passed ? found() ?? .passed : self
  }
}
