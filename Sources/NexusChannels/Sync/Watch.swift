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
    /// - Complexity: O(1), no allocation in steady state.
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
    /// - Complexity: O(1), no allocation in steady state.
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
