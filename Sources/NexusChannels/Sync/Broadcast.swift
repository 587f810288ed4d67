// The channel of which every receiver gets every value.

public import NexusRT
internal import Synchronization

/// Why a receiver of a broadcast got no value.
@frozen
public enum BroadcastError: Error, Equatable, Sendable {
  /// So many values were overwritten before this receiver got them. The next receive gives the oldest that is kept.
  case lagged(Int)
  /// All senders are gone, and everything that is kept has been received.
  case closed
  /// The task, or a cancel scope it is in, was cancelled before or while this waited.
  case cancelled
  /// The deadline came first.
  case timedOut
}

/// Makes channels of which every receiver gets every value that is sent while it exists.
public enum Broadcast {
  /// What a sender does when the slowest receiver is as many values behind as the channel keeps.
  @frozen
  public enum WhenFull: Sendable {
    /// It overwrites the oldest value. Receivers that had not got it are told how many they missed.
    case overwrite
    /// It waits for the slowest receiver.
    case backpressure
  }

  /// A channel that keeps the last `capacity` values; `capacity` is 1 at least.
  @inlinable
  public static func channel<Element>(
    of type: Element.Type, capacity: Int, whenFull: WhenFull = .overwrite
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    requireCapacity(capacity, atLeast: 1)
    let hub = BroadcastHub(capacity: capacity, waits: whenFull == .backpressure)
    let slots = UnsafeMutablePointer<Element>.allocate(capacity: capacity.roundedUpToPowerOfTwo)
    return unsafe ChannelEnds(Sender(hub, slots), Receiver(hub, slots, at: 0))
  }

  /// An end that sends. It may be cloned, and used from several threads at a time.
  @frozen
  @safe
  public struct Sender<Element>: ~Copyable {
    @usableFromInline let hub: BroadcastHub
    @usableFromInline let slots: UnsafeMutablePointer<Element>

    @inlinable
    init(_ hub: BroadcastHub, _ slots: UnsafeMutablePointer<Element>) {
      self.hub = hub
      unsafe self.slots = slots
    }

    @inlinable
    deinit {
      hub.senderLeaves()
      if hub.isLastEnd() { unsafe slots.deallocate() }
    }

    /// Sends to all receivers that there are, if that is possible now: always, but for a channel with `.backpressure`.
    ///
    /// A value that is overwritten is deinitialised here.
    ///
    /// - Throws: `SendError.full` (`.backpressure` only), or `.closed` if there is no receiver, with the value.
    /// - Complexity: O(waiters), no allocation in steady state. From tasks and threads alike.
    @inlinable
    public borrowing func trySend(_ value: consuming Element) throws(SendError<Element>) {
      switch push(value, isReserved: false) {
      case .sent: return
      case .full(let value): throw .full(value)
      case .closed(let value): throw .closed(value)
      }
    }

    /// Sends to all receivers that there are; in a channel with `.backpressure` waits for the slowest, first come, first
    /// served. From a task of a runtime.
    ///
    /// - Parameter deadline: When to give up waiting; nil is never.
    /// - Throws: `SendError.closed` if there is no receiver, or none any more; `.cancelled`; `.timedOut`: with the value.
    /// - Complexity: O(waiters), no allocation in steady state.
    @inlinable
    nonisolated(nonsending) public borrowing func send(
      _ value: consuming Element, until deadline: Deadline? = nil
    ) async throws(SendError<Element>) {
      switch push(value, isReserved: false) {
      case .sent: if Budget.isSpent(by: "send") { await yield() }
      case .closed(let value): throw .closed(value)
      case .full(let value):
        let result = await hub.waitForRoom(until: deadline)
        try finish(value, result)
      }
    }

    /// As `send`, on a plain thread: spins for some microseconds, then parks the thread.
    ///
    /// Traps on a runtime's thread when it would have to wait.
    @inlinable
    public borrowing func sendBlocking(
      _ value: consuming Element, until deadline: Deadline? = nil
    ) throws(SendError<Element>) {
      switch push(value, isReserved: false) {
      case .sent: return
      case .closed(let value): throw .closed(value)
      case .full(let value): try finish(value, hub.waitForRoomBlocking(until: deadline))
      }
    }

    /// A new receiver: it gets what is sent from now on.
    @inlinable
    public borrowing func subscribe() -> Receiver<Element> {
      unsafe Receiver(hub, slots, at: hub.addReceiver())
    }

    /// Another sender.
    @inlinable
    public borrowing func clone() -> Sender {
      hub.addSender()
      return unsafe Sender(hub, slots)
    }

    /// How many receivers there are now. Without one every send fails.
    @inlinable public var receiverCount: Int { hub.receiverCount }

    @inlinable
    borrowing func push(_ value: consuming Element, isReserved: Bool) -> _Offered<Element> {
      hub.lock()
      switch hub.push(isReserved: isReserved) {
      case .closed:
        // The place that was set aside for this one may be another's now.
        hub.unlockAndWakeSenders()
        return .closed(value)
      case .full:
        hub.unlock()
        return .full(value)
      case .stored(let index, let old):
        var overwritten: Element?
        if old >= 0 { overwritten = unsafe (slots + old).move() }
        unsafe (slots + index).initialize(to: value)
        hub.unlockAndWakeReceivers()
        _ = consume overwritten
        return .sent
      }
    }

    @inlinable
    borrowing func finish(_ value: consuming Element, _ result: GateResult) throws(SendError<Element>) {
      switch result {
      case .passed:
        switch push(value, isReserved: true) {
        case .sent: return
        case .closed(let value): throw .closed(value)
        case .full: fatalError("a place that was set aside for a value was taken")
        }
      case .closed: throw .closed(value)
      case .cancelled: throw .cancelled(value)
      case .timedOut: throw .timedOut(value)
      }
    }
  }

  /// An end that gets every value. One task or thread at a time uses it; others clone it or subscribe.
  @frozen
  @safe
  public struct Receiver<Element>: ~Copyable {
    @usableFromInline let hub: BroadcastHub
    @usableFromInline let slots: UnsafeMutablePointer<Element>
    /// The next value to receive.
    @usableFromInline var position: UInt64

    @inlinable
    init(_ hub: BroadcastHub, _ slots: UnsafeMutablePointer<Element>, at position: UInt64) {
      self.hub = hub
      unsafe self.slots = slots
      self.position = position
    }

    @inlinable
    deinit {
      var next = position
      var end = hub.receiverLeaves()
      // Value by value: none is deinitialised under the lock.
      while let index = hub.abandon(&next, upTo: &end) {
        let value = unsafe (slots + index).move()
        hub.unlockAndWakeSenders()
        _ = consume value
      }
      if hub.isLastEnd() { unsafe slots.deallocate() }
    }

    /// The next value if there is one now; nil if there is none yet.
    ///
    /// - Throws: `BroadcastError.lagged`, once for each time that this receiver was too slow; `.closed` once all senders
    ///   are gone and everything was received.
    /// - Complexity: O(1), no allocation. From tasks and threads alike.
    @inlinable
    public mutating func tryReceive() throws(BroadcastError) -> Element? {
      hub.lock()
      switch hub.pull(&position) {
      case .empty:
        hub.unlock()
        return nil
      case .closed:
        hub.unlock()
        throw .closed
      case .lagged(let count):
        hub.unlock()
        throw .lagged(count)
      case .copied(let index):
        let value = unsafe (slots + index).pointee
        hub.unlock()
        return value
      case .moved(let index):
        let value = unsafe (slots + index).move()
        hub.unlockAndWakeSenders()
        return value
      }
    }

    /// The next value; waits while there is none. From a task of a runtime.
    ///
    /// - Parameter deadline: When to give up waiting; nil is never.
    /// - Throws: As `tryReceive`; `BroadcastError.cancelled` or `.timedOut`: what was sent is still there then.
    /// - Complexity: O(1), no allocation in steady state; O(log n) in the number of waits with a deadline.
    @inlinable
    nonisolated(nonsending) public mutating func receive(
      until deadline: Deadline? = nil
    ) async throws(BroadcastError) -> Element {
      if let value = try tryReceive() {
        if Budget.isSpent(by: "receive") { await yield() }
        return value
      }
      while true {
        try Broadcast.check(await hub.waitForValue(at: position, until: deadline))
        if let value = try tryReceive() { return value }
      }
    }

    /// As `receive`, on a plain thread: spins for some microseconds, then parks the thread.
    ///
    /// Traps on a runtime's thread when it would have to wait.
    @inlinable
    public mutating func receiveBlocking(until deadline: Deadline? = nil) throws(BroadcastError) -> Element {
      while true {
        if let value = try tryReceive() { return value }
        try Broadcast.check(hub.waitForValueBlocking(at: position, until: deadline))
      }
    }

    /// Another receiver, which gets the same values from here on as this one.
    @inlinable
    public borrowing func clone() -> Receiver {
      hub.addReceiver(at: position)
      return unsafe Receiver(hub, slots, at: position)
    }

    /// How many values this receiver has not got yet, those it has missed among them.
    @inlinable public var count: Int { hub.count(from: position) }
  }

  @inlinable
  static func check(_ result: GateResult) throws(BroadcastError) {
    switch result {
    case .passed, .closed: return
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    }
  }
}

extension Broadcast.Sender: @unchecked Sendable where Element: Sendable {}
extension Broadcast.Receiver: @unchecked Sendable where Element: Sendable {}

/// Which values are kept, for how many receivers: the decisions of a broadcast, without its values.
///
/// Invariants: `oldest <= tail <= oldest + capacity`; the place of a position from `oldest` to `tail` holds a value exactly
/// while `remaining` there is not 0, and no other place does; `remaining` is the number of live receivers whose position
/// is not after it; at `oldest` it is not 0, unless that is `tail`.
@usableFromInline
struct BroadcastLedger {
  @usableFromInline
  enum Push {
    case closed, full
    /// To be stored in `index`; the value at `old`, unless that is -1, is to be moved out before.
    case stored(index: Int, old: Int)
  }

  @usableFromInline
  enum Pull {
    case empty, closed
    case lagged(Int)
    /// Others get it too.
    case copied(Int)
    /// This was the last to get it.
    case moved(Int)
  }

  let capacity: UInt64
  let mask: UInt64
  /// Whether senders wait and do not overwrite.
  let waits: Bool
  var tail: UInt64 = 0
  var oldest: UInt64 = 0
  var remaining: [Int]
  var senders = 1
  var receivers = 1
  /// Places that were promised to senders that waited.
  var reserved = 0

  init(capacity: Int, waits: Bool) {
    let size = capacity.roundedUpToPowerOfTwo
    self.capacity = UInt64(capacity)
    mask = UInt64(size - 1)
    self.waits = waits
    remaining = Array(repeating: 0, count: size)
  }

  func index(_ position: UInt64) -> Int { Int(position & mask) }

  var hasRoom: Bool { Int(tail &- oldest) + reserved < Int(capacity) }

  mutating func push(isReserved: Bool) -> Push {
    if isReserved { reserved -= 1 }
    if receivers == 0 { return .closed }
    var old = -1
    if waits {
      if !hasRoom { return .full }
    } else if tail &- oldest == capacity {
      old = index(oldest)
      remaining[old] = 0
      advance()
    }
    let index = index(tail)
    remaining[index] = receivers
    tail &+= 1
    return .stored(index: index, old: old)
  }

  mutating func pull(_ position: inout UInt64) -> Pull {
    if position < oldest {
      let missed = oldest &- position
      position = oldest
      return .lagged(Int(missed))
    }
    if position == tail { return senders == 0 ? .closed : .empty }
    let index = index(position)
    position &+= 1
    return leave(index) ? .moved(index) : .copied(index)
  }

  /// One receiver less for the value at `index`; true if that was the last.
  private mutating func leave(_ index: Int) -> Bool {
    remaining[index] -= 1
    guard remaining[index] == 0 else { return false }
    advance()
    return true
  }

  private mutating func advance() {
    while oldest != tail && remaining[index(oldest)] == 0 { oldest &+= 1 }
  }

  /// A receiver that has left gives up values from `position` on, until one is found that it was the last for.
  ///
  /// - Returns: The place of that value, which is to be moved out; nil at the end.
  mutating func abandon(_ position: inout UInt64, upTo end: UInt64) -> Int? {
    position = max(position, oldest)
    while position < end {
      let index = index(position)
      position &+= 1
      if leave(index) { return index }
    }
    return nil
  }

  /// One more receiver, at `position`.
  mutating func addReceiver(at position: UInt64) {
    receivers += 1
    var next = max(position, oldest)
    while next < tail {
      remaining[index(next)] += 1
      next &+= 1
    }
  }
}

/// What the ends of one channel share, whatever its values are.
@usableFromInline
@safe final class BroadcastHub: @unchecked Sendable {
  // Unchecked: an atomic, and what is under the lock.

  struct State {
    var ledger: BroadcastLedger
    /// Receivers that wait for a value.
    var readers = Crowd()
    /// Senders that wait for room.
    var writers = Crowd()
  }

  let ends = Atomic<Int>(2)
  let mutex = SpinLock()
  private let state: UnsafeMutablePointer<State>

  @usableFromInline
  init(capacity: Int, waits: Bool) {
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: State(ledger: BroadcastLedger(capacity: capacity, waits: waits)))
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    mutex.lock()
    defer { mutex.unlock() }
    return unsafe body(&state.pointee)
  }

  // MARK: Under the lock, which the caller takes: it moves the values meanwhile

  @usableFromInline func lock() { mutex.lock() }
  @usableFromInline func unlock() { mutex.unlock() }

  @usableFromInline
  func push(isReserved: Bool) -> BroadcastLedger.Push {
    // Who waits comes first.
    if unsafe !isReserved && !state.pointee.writers.queue.isEmpty { return .full }
    return unsafe state.pointee.ledger.push(isReserved: isReserved)
  }

  @usableFromInline
  func pull(_ position: inout UInt64) -> BroadcastLedger.Pull { unsafe state.pointee.ledger.pull(&position) }

  @usableFromInline
  func unlockAndWakeReceivers() {
    var wakes = Wakes()
    unsafe state.pointee.readers.settleAll(into: &wakes)
    mutex.unlock()
    resume(&wakes)
  }

  @usableFromInline
  func unlockAndWakeSenders() {
    var wakes = Wakes()
    unsafe BroadcastHub.serve(&state.pointee, &wakes)
    mutex.unlock()
    resume(&wakes)
  }

  /// Takes the lock and leaves it taken, for the caller to move a value out; without one it gives it back.
  @usableFromInline
  func abandon(_ position: inout UInt64, upTo end: inout UInt64) -> Int? {
    mutex.lock()
    if let index = unsafe state.pointee.ledger.abandon(&position, upTo: end) { return index }
    unlockAndWakeSenders()
    return nil
  }

  /// Promises free places to senders that wait, in order.
  static func serve(_ state: inout State, _ wakes: inout Wakes, claim: (WakeToken) -> Bool = { $0.claim() }) {
    while state.writers.queue.first >= 0 && state.ledger.hasRoom {
      let index = state.writers.queue.first
      let token = state.writers.queue.nodes[index].token
      if claim(token) {
        state.writers.queue.settle(index, Admission.passed)
        state.ledger.reserved += 1
        wakes.append(token, sparing: &state.writers.spare)
      } else {
        state.writers.queue.pass(index)
      }
    }
  }

  private func resume(_ wakes: inout Wakes) {
    wakes.resume()
    guard wakes.count > 1 else { return }
    withLock { state in
      wakes.giveBack(to: &state.readers.spare)
      wakes.giveBack(to: &state.writers.spare)
    }
  }

  // MARK: The ends

  @usableFromInline var receiverCount: Int { withLock { $0.ledger.receivers } }
  @usableFromInline func count(from position: UInt64) -> Int { withLock { Int($0.ledger.tail &- position) } }
  var waiting: Int { withLock { $0.readers.queue.count + $0.writers.queue.count } }

  @usableFromInline
  func addSender() {
    ends.add(1, ordering: .relaxed)
    withLock { $0.ledger.senders += 1 }
  }

  /// A receiver at the end.
  @usableFromInline
  func addReceiver() -> UInt64 {
    ends.add(1, ordering: .relaxed)
    return withLock {
      $0.ledger.receivers += 1
      return $0.ledger.tail
    }
  }

  @usableFromInline
  func addReceiver(at position: UInt64) {
    ends.add(1, ordering: .relaxed)
    withLock { $0.ledger.addReceiver(at: position) }
  }

  @usableFromInline
  func senderLeaves() {
    var wakes = Wakes()
    withLock { state in
      state.ledger.senders -= 1
      if state.ledger.senders == 0 { state.readers.settleAll(into: &wakes) }
    }
    resume(&wakes)
  }

  /// - Returns: The end of what was sent for it.
  @usableFromInline
  func receiverLeaves() -> UInt64 {
    var wakes = Wakes()
    let end = withLock { state in
      state.ledger.receivers -= 1
      if state.ledger.receivers == 0 { state.writers.settleAll(Admission.closed, into: &wakes) }
      return state.ledger.tail
    }
    resume(&wakes)
    return end
  }

  /// An end is done with the channel; true for the last one, which frees the places.
  @usableFromInline
  func isLastEnd() -> Bool { ends.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

  // MARK: Waiting

  /// For a value at a position, or the end.
  struct ValueGate: Gate {
    let hub: BroadcastHub

    func attempt(_ position: UInt64) -> GateResult? {
      hub.withLock { $0.ledger.tail > position || $0.ledger.senders == 0 } ? .passed : nil
    }

    func enter(_ position: UInt64, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.withLock { state in
        if let place, let step = state.readers.queue.rejoin(token, at: place) { return step }
        if state.ledger.tail > position || state.ledger.senders == 0 { return .passed }
        return .registered(state.readers.queue.append(token, 0, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      let left = hub.withLock { $0.readers.queue.leave(place, staying: staying) }
      // Nothing is handed over here: who was cancelled before the value came is cancelled.
      return staying ? left : .nothing
    }
  }

  /// For a place that is set aside for who passes.
  struct RoomGate: Gate {
    let hub: BroadcastHub

    func attempt(_: Void) -> GateResult? { hub.withLock { RoomGate.reserve(&$0) } }

    static func reserve(_ state: inout State) -> GateResult? {
      if state.ledger.receivers == 0 { return .closed }
      guard state.writers.queue.isEmpty, state.ledger.hasRoom else { return nil }
      state.ledger.reserved += 1
      return .passed
    }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.withLock { state in
        if let place, let step = state.writers.queue.rejoin(token, at: place) { return step }
        switch RoomGate.reserve(&state) {
        case .passed: return .passed
        case .closed: return .closed
        default: return .registered(state.writers.queue.append(token, 0, isFuture: false))
        }
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      hub.withLock { $0.writers.queue.leave(place, staying: staying) }
    }
  }

  @usableFromInline
  nonisolated(nonsending) func waitForValue(at position: UInt64, until deadline: Deadline?) async
    -> GateResult
  {
    await ValueGate(hub: self).wait(position, "receive", until: deadline)
  }

  @usableFromInline
  func waitForValueBlocking(at position: UInt64, until deadline: Deadline?) -> GateResult {
    ValueGate(hub: self).waitBlocking(position, "receiveBlocking", until: deadline)
  }

  @usableFromInline
  nonisolated(nonsending) func waitForRoom(until deadline: Deadline?) async -> GateResult {
    await RoomGate(hub: self).wait((), "send", until: deadline)
  }

  @usableFromInline
  func waitForRoomBlocking(until deadline: Deadline?) -> GateResult {
    RoomGate(hub: self).waitBlocking((), "sendBlocking", until: deadline)
  }
}
