// The channel for one value.

public import NexusRT
public import Synchronization

/// Makes channels for one value: a reply, a result, the end of something.
///
/// One allocation for each, no lock; sending is one atomic exchange.
public enum Oneshot {
  /// A new channel. Its ends are `Sendable` if the value is; otherwise both stay with the tasks of one runtime.
  @inlinable
  public static func channel<Value>(of type: Value.Type) -> ChannelEnds<Sender<Value>, Receiver<Value>> {
    let block = UnsafeMutablePointer<OneshotBlock<Value>>.allocate(capacity: 1)
    unsafe block.initialize(to: OneshotBlock())
    return unsafe ChannelEnds(Sender(block), Receiver(block))
  }

  /// The end that sends the value, once. Dropped without that, it tells the receiver.
  @frozen
  @safe
  public struct Sender<Value>: ~Copyable {
    /// Null once the value was sent.
    @usableFromInline var block: UnsafeMutablePointer<OneshotBlock<Value>>?

    @inlinable
    init(_ block: UnsafeMutablePointer<OneshotBlock<Value>>) { unsafe self.block = block }

    @inlinable
    deinit { if let block = unsafe block { unsafe OneshotBlock.senderLeaves(block) } }

    /// Sends the value: it is the receiver's at once, whether that waits or not.
    ///
    /// - Throws: `SendError.closed`, with the value, if the receiver is gone.
    /// - Complexity: O(1), one atomic exchange, no allocation; a system call only to wake a receiver that sleeps. From
    ///   tasks and threads alike.
    @inlinable @inline(__always)
    public consuming func send(_ value: consuming Value) throws(SendError<Value>) {
      let block = unsafe self.block.unsafelyUnwrapped
      unsafe self.block = nil
      if let back = unsafe OneshotBlock.send(consume value, block) { throw .closed(back) }
    }

    /// Waits until the receiver is gone: nobody wants the value any more. From a task of a runtime.
    ///
    /// - Throws: `WaitError.cancelled` or `.timedOut`; the sender can still send then.
    /// - Complexity: O(1), no allocation.
    @inlinable
    nonisolated(nonsending) public mutating func closed(until deadline: Deadline? = nil)
      async throws(WaitError)
    {
      let block = unsafe self.block.unsafelyUnwrapped
      while unsafe !block.pointee.isReceiverGone {
        let wait = Wait(for: "closed")
        guard unsafe block.pointee.registerSender(wait.token) else {
          wait.giveUp()
          return
        }
        let outcome = await wait.suspend(until: deadline)
        if unsafe block.pointee.unregisterSender() { return }
        if outcome == .cancelled { throw .cancelled }
        if outcome == .timedOut { throw .timedOut }
      }
    }

    /// As `closed`, on a plain thread, which it parks. Traps on a runtime's thread when it would have to wait.
    @inlinable
    public mutating func closedBlocking(until deadline: Deadline? = nil) throws(WaitError) {
      let block = unsafe self.block.unsafelyUnwrapped
      while unsafe !block.pointee.isReceiverGone {
        let wait = ThreadWait(for: "closedBlocking")
        guard unsafe block.pointee.registerSender(wait.token) else {
          wait.giveUp()
          return
        }
        let outcome = wait.park(until: deadline)
        if unsafe block.pointee.unregisterSender() { return }
        if outcome == .timedOut { throw .timedOut }
      }
    }

    /// Whether the receiver is gone, so that nobody will get the value.
    @inlinable public var isClosed: Bool { unsafe block.unsafelyUnwrapped.pointee.isReceiverGone }
  }

  /// The end that receives the value. Dropped without that, it tells the sender, and a value that was sent is
  /// deinitialised.
  @frozen
  @safe
  public struct Receiver<Value>: ~Copyable {
    /// Null once the channel is done with.
    @usableFromInline var block: UnsafeMutablePointer<OneshotBlock<Value>>?

    @inlinable
    init(_ block: UnsafeMutablePointer<OneshotBlock<Value>>) { unsafe self.block = block }

    @inlinable
    deinit { if let block = unsafe block { _ = unsafe OneshotBlock.receiverLeaves(block) } }

    /// The value; waits until it is sent. From a task of a runtime.
    ///
    /// A value that is there is given without a look at cancellation, and one that comes before the wait is over is
    /// returned also if the task was cancelled meanwhile. However it ends, the receiver is gone afterwards: a sender that
    /// comes too late gets its value back.
    ///
    /// - Parameter deadline: When to give up waiting; nil is never.
    /// - Throws: `ReceiveError.closed` if the sender was dropped without sending; `.cancelled`; `.timedOut`.
    /// - Complexity: O(1), no allocation.
    @inlinable @inline(__always)
    nonisolated(nonsending) public consuming func receive(
      until deadline: Deadline? = nil
    ) async throws(ReceiveError) -> Value {
      guard let block = unsafe self.block else { throw .closed }
      unsafe self.block = nil
      if unsafe block.pointee.isSettled {
        if Budget.isSpent(by: "receive") { await yield() }
        return try unsafe OneshotBlock.finish(block)
      }
      return try unsafe await OneshotBlock.waitForValue(block, until: deadline)
    }

    /// As `receive`, on a plain thread: spins for some microseconds, then parks the thread.
    ///
    /// Traps on a runtime's thread when it would have to wait.
    @inlinable
    public consuming func receiveBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> Value {
      guard let block = unsafe self.block else { throw .closed }
      unsafe self.block = nil
      var spin = Spin()
      repeat {
        if unsafe block.pointee.isSettled { return try unsafe OneshotBlock.finish(block) }
      } while spin.pause()
      return try unsafe OneshotBlock.parkForValue(block, until: deadline)
    }

    /// The value if it was sent already; nil if not yet, and the receiver can go on to look or wait.
    ///
    /// - Throws: `ReceiveError.closed` if the sender was dropped without sending, or the value was received before.
    /// - Complexity: O(1), no atomic exchange. From tasks and threads alike.
    @inlinable
    public mutating func tryReceive() throws(ReceiveError) -> Value? {
      guard let block = unsafe self.block else { throw .closed }
      guard unsafe block.pointee.isSettled else { return nil }
      unsafe self.block = nil
      return try unsafe OneshotBlock.finish(block)
    }

    /// Closes the channel from this side now: the same as dropping the receiver, said aloud.
    @inlinable
    public consuming func close() {}
  }
}

extension Oneshot.Sender: @unchecked Sendable where Value: Sendable {}
extension Oneshot.Receiver: @unchecked Sendable where Value: Sendable {}

/// The memory of one channel.
///
/// `word` is 0, the token of the receiver that waits, or how one of the ends left it. Each end leaves by one exchange of
/// `word`, after which it touches the block only if the other had left before: then it frees it. Nobody has to count.
@usableFromInline
@safe struct OneshotBlock<Value>: ~Copyable {
  @usableFromInline let word = Atomic<UInt64>(0)
  /// 0, the token of the sender that waits for the receiver to go, or `receiverGone`. The receiver writes it before it
  /// leaves by `word`.
  @usableFromInline let closer = Atomic<UInt64>(0)
  /// There from before `word` becomes `sent` until it is received, or taken back.
  @usableFromInline var value: Value?

  @inlinable
  init() { value = nil }

  // No tokens: their generations would be zero.
  @inlinable static var sent: UInt64 { 1 }
  @inlinable static var senderGone: UInt64 { 2 }
  @inlinable static var receiverGone: UInt64 { 3 }
  @inlinable static var firstToken: UInt64 { 1 << 32 }

  // MARK: The sender's

  @inlinable @inline(__always)
  static func send(_ value: consuming Value, _ block: UnsafeMutablePointer<OneshotBlock>) -> Value? {
    // A receiver that was seen to have gone may still be on its way out, and must not find the value.
    if unsafe block.pointee.isReceiverGone {
      unsafe senderLeaves(block)
      return value
    }
    unsafe block.pointee.value = consume value
    // Release: the value before the word. Acquire: a receiver that left is done with the block.
    let old = unsafe block.pointee.word.exchange(sent, ordering: .acquiringAndReleasing)
    if old == 0 { return nil }
    if old == receiverGone {
      let back = unsafe block.pointee.value.take()
      unsafe free(block)
      return back
    }
    unsafe WakeToken(uncheckedRawValue: old).wake()
    return nil
  }

  @inlinable
  static func senderLeaves(_ block: UnsafeMutablePointer<OneshotBlock>) {
    let old = unsafe block.pointee.word.exchange(senderGone, ordering: .acquiringAndReleasing)
    if old == receiverGone { unsafe free(block) }
    if old >= firstToken { unsafe WakeToken(uncheckedRawValue: old).wake() }
  }

  /// False if the receiver is gone.
  @inlinable
  func registerSender(_ token: WakeToken) -> Bool {
    closer.compareExchange(expected: 0, desired: token.rawValue, ordering: .acquiringAndReleasing).exchanged
  }

  /// True if the receiver is gone.
  @inlinable
  func unregisterSender() -> Bool {
    let seen = closer.load(ordering: .acquiring)
    if seen == Self.receiverGone { return true }
    return !closer.compareExchange(expected: seen, desired: 0, ordering: .acquiringAndReleasing).exchanged
  }

  @inlinable @inline(__always)
  var isReceiverGone: Bool { closer.load(ordering: .acquiring) == Self.receiverGone }

  // MARK: The receiver's

  /// Whether the sender has left.
  @inlinable @inline(__always)
  var isSettled: Bool {
    let seen = word.load(ordering: .acquiring)
    return seen == Self.sent || seen == Self.senderGone
  }

  /// What a sender that has left has left.
  @inlinable @inline(__always)
  static func finish(_ block: UnsafeMutablePointer<OneshotBlock>) throws(ReceiveError) -> Value {
    let value = unsafe block.pointee.value.take()
    unsafe free(block)
    guard let value else { throw .closed }
    return value
  }

  /// The receiver leaves: the sender is told, unless it left first; then its value is returned.
  @inlinable
  static func receiverLeaves(_ block: UnsafeMutablePointer<OneshotBlock>) -> (isFinished: Bool, value: Value?)
  {
    let waiting = unsafe block.pointee.closer.exchange(receiverGone, ordering: .acquiringAndReleasing)
    let old = unsafe block.pointee.word.exchange(receiverGone, ordering: .acquiringAndReleasing)
    if waiting >= firstToken { unsafe WakeToken(uncheckedRawValue: waiting).wake() }
    guard old == sent || old == senderGone else { return (false, nil) }
    let value = unsafe block.pointee.value.take()
    unsafe free(block)
    return (true, value)
  }

  /// The receiver's wait is over without the sender: it leaves, and gets what came at the last moment.
  @inlinable
  static func giveUp(
    _ block: UnsafeMutablePointer<OneshotBlock>, _ error: ReceiveError
  ) throws(ReceiveError) -> Value {
    let (isFinished, value) = unsafe receiverLeaves(block)
    if let value { return value }
    throw isFinished ? .closed : error
  }

  /// Registers the receiver's wait, in place of its last one; false if the sender has left.
  @inlinable
  func registerReceiver(_ token: WakeToken) -> Bool {
    // Only the receiver writes tokens here.
    let seen = word.load(ordering: .acquiring)
    guard seen == 0 || seen >= Self.firstToken else { return false }
    return word.compareExchange(expected: seen, desired: token.rawValue, ordering: .acquiringAndReleasing)
      .exchanged
  }

  @inlinable @inline(never)
  nonisolated(nonsending) static func waitForValue(
    _ block: UnsafeMutablePointer<OneshotBlock>, until deadline: Deadline?
  ) async throws(ReceiveError) -> Value {
    while true {
      let wait = Wait(for: "receive")
      guard unsafe block.pointee.registerReceiver(wait.token) else {
        wait.giveUp()
        return try unsafe finish(block)
      }
      let outcome = await wait.suspend(until: deadline)
      if unsafe block.pointee.isSettled { return try unsafe finish(block) }
      if outcome == .cancelled { return try unsafe giveUp(block, .cancelled) }
      if outcome == .timedOut { return try unsafe giveUp(block, .timedOut) }
    }
  }

  @inlinable @inline(never)
  static func parkForValue(
    _ block: UnsafeMutablePointer<OneshotBlock>, until deadline: Deadline?
  ) throws(ReceiveError) -> Value {
    while true {
      let wait = ThreadWait(for: "receiveBlocking")
      guard unsafe block.pointee.registerReceiver(wait.token) else {
        wait.giveUp()
        return try unsafe finish(block)
      }
      let outcome = wait.park(until: deadline)
      if unsafe block.pointee.isSettled { return try unsafe finish(block) }
      if outcome == .timedOut { return try unsafe giveUp(block, .timedOut) }
    }
  }

  @inlinable
  static func free(_ block: UnsafeMutablePointer<OneshotBlock>) {
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }
}
