// The channel of which every receiver gets every value.

public import NexusRT

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
    /// - Complexity: O(1), no allocation in steady state.
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
