// The receiver's side of a channel with one sender and one receiver.

public import CNexus
public import NexusRT
public import Synchronization

extension SPSCCore: _ReceiverCore {
  @inlinable @inline(__always)
  public func take() -> _Taken<Element> {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    if unsafe head == block.pointee.tailSeen {
      // Acquire: pairs with the release in `publish`; the value is there.
      let tail = unsafe block.pointee.tail.load(ordering: .acquiring)
      unsafe block.pointee.tailSeen = tail & ~SPSCWords.gone
      // Positions first: what was sent before the sender went is received.
      if unsafe head == block.pointee.tailSeen { return tail & SPSCWords.gone == 0 ? .empty : .closed }
    }
    // Sound: the position lies before `tail`, and no other receiver exists.
    let value = unsafe (block.pointee.buffer + Int(head & block.pointee.mask)).move()
    freeRoom(upTo: head &+ 1)
    return .value(value)
  }

  /// As `take`, for those who receive one value after the other: does not chase the sender.
  @inlinable @inline(__always)
  public func takeReady() -> _Taken<Element> {
    if unsafe block.pointee.head.load(ordering: .relaxed) == block.pointee.tailSeen { giveSenderTime() }
    return take()
  }

  /// Waits some ns if the last looks found a few values each: the sender is at work, and each look takes the line of its
  /// position away from it. A look at more values costs both sides less of them.
  @inlinable @inline(never)
  func giveSenderTime() {
    let found = unsafe block.pointee.tailSeen &- block.pointee.lastLook
    if found >= 2 && found < 64 { for _ in 0..<3 { nexus_spin_hint() } }
    unsafe block.pointee.lastLook = block.pointee.tailSeen
  }

  @inlinable
  public func take(into buffer: inout [Element], atMost limit: Int) -> Int {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    let tail = unsafe block.pointee.tail.load(ordering: .acquiring) & ~SPSCWords.gone
    unsafe block.pointee.tailSeen = tail
    let count = min(Int(tail &- head), limit)
    if count == 0 { return 0 }
    for position in head..<head &+ UInt64(count) {
      unsafe buffer.append((block.pointee.buffer + Int(position & block.pointee.mask)).move())
    }
    freeRoom(upTo: head &+ UInt64(count))
    return count
  }

  @inlinable @inline(__always)
  func freeRoom(upTo head: UInt64) {
    // Release: the values were moved out before their places are written again.
    unsafe block.pointee.head.store(head, ordering: .releasing)
    nexus_light_fence()
    if unsafe block.pointee.sender.load(ordering: .relaxed) != 0 { unsafe wake(senderWord) }
  }

  @inlinable
  public func takeOrRegister(_ token: WakeToken, _ kind: _WaiterKind) -> _ReceiveStep<Element, Void> {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    unsafe token.watch(WordWatch(tailWord, while: head, announcingIn: receiverWord))
    if unsafe block.pointee.tail.load(ordering: .acquiring) == head { return .registered(()) }
    forgetReceiverToken()
    unsafe token.unwatch(tailWord)
    if kind == .selecting && !token.retire() { return .lost }
    switch take() {
    case .value(let value): return .value(value)
    case .closed: return .closed
    case .empty: fatalError("the only receiver found nothing where there was something")
    }
  }

  /// Takes the token of the receiver's wait back. As a rule it was never announced, and then the others' line is left alone.
  @inlinable
  func forgetReceiverToken() {
    if unsafe block.pointee.receiver.load(ordering: .relaxed) != 0 {
      unsafe block.pointee.receiver.store(0, ordering: .relaxed)
    }
  }

  @inlinable
  public func withdraw(receiver place: Void, _ kind: _WaiterKind, _ token: WakeToken) -> Element? {
    forgetReceiverToken()
    if kind == .future { unsafe token.unwatch(tailWord) }
    return nil
  }

  @inlinable
  public var isClosedForReceiving: Bool {
    unsafe block.pointee.tail.load(ordering: .acquiring) & SPSCWords.gone != 0
  }

  /// Only this receiver takes, so what is there stays there.
  @inlinable public var receiveVersion: UInt64 { 0 }

  /// The receiver leaves: what was sent and not received is deinitialised, and a sender that waits is woken.
  @inlinable
  func closeReceiver() {
    var first = unsafe block.pointee.head.load(ordering: .relaxed)
    unsafe block.pointee.receiver.store(SPSCWords.left, ordering: .releasing)
    unsafe block.pointee.head.store(first | SPSCWords.gone, ordering: .releasing)
    // A sender that has left already has pushed all it ever will. One that is alive either sees `left` after its
    // push, or its push is seen here: its fence is a light one.
    if unsafe block.pointee.ends.load(ordering: .acquiring) == 2 { nexus_heavy_fence() }
    let end = unsafe block.pointee.tail.load(ordering: .acquiring) & ~SPSCWords.gone
    unsafe block.pointee.abandonedAt.store(end, ordering: .releasing)
    unsafe wake(senderWord)
    // The users' code runs last: nothing here is half done.
    while first != end {
      unsafe (block.pointee.buffer + Int(first & block.pointee.mask)).deinitialize(count: 1)
      first &+= 1
    }
    releaseBlock()
  }
}
