// The receiver's side of a channel with many senders.

public import CNexus
public import NexusRT
public import Synchronization

extension MPSCCore: _ReceiverCore {
  @inlinable @inline(__always)
  public func take() -> _Taken<Element> {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    if !isThere(head) {
      let isEmpty = isEmptyOrComing(head)
      if isEmpty { return isDrained(head) ? .closed : .empty }
    }
    let value = unsafe valuePointer(head).move()
    freeRoom(upTo: head)
    return .value(value)
  }

  /// Leaves the senders' line alone: an empty channel is looked at often.
  @inlinable @inline(__always)
  public func takeReady() -> _Taken<Element> {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    if !isThere(head) { return .empty }
    let value = unsafe valuePointer(head).move()
    freeRoom(upTo: head)
    return .value(value)
  }

  @inlinable
  public func take(into buffer: inout [Element], atMost limit: Int) -> Int {
    var taken = 0
    var head = unsafe block.pointee.head.load(ordering: .relaxed)
    while taken < limit, isThere(head) {
      unsafe buffer.append(valuePointer(head).move())
      head = (head &+ 1) & MPSCClaims.positionMask
      taken += 1
    }
    if taken > 0 { freeRoom(upTo: (head &- 1) & MPSCClaims.positionMask) }
    return taken
  }

  /// Gives back the room up to and with `position`.
  @inlinable @inline(__always)
  func freeRoom(upTo position: UInt64) {
    // Release: the values were moved out before their places are written again.
    unsafe block.pointee.head.store((position &+ 1) & MPSCClaims.positionMask, ordering: .releasing)
    nexus_light_fence()
    if unsafe block.pointee.waitingCount.load(ordering: .relaxed) != 0 { admitWaiting() }
  }

  /// Whether nothing was sent that is to be received next. Waits while a sender is between its claim and its stamp, which is
  /// some instructions: a value whose send has returned is never overlooked because of another one before it.
  @inlinable @inline(never)
  func isEmptyOrComing(_ head: UInt64) -> Bool {
    let tail = unsafe MPSCClaims.position(block.pointee.claims.load(ordering: .acquiring))
    if tail == head { return true }
    awaitStamp(of: head)
    return false
  }

  @inlinable @inline(never)
  func awaitStamp(of position: UInt64) {
    var looks = 0
    while !isThere(position) {
      looks += 1
      // Its sender was interrupted: let it run.
      if looks > 100 { _ = nexus_give_way() } else { nexus_spin_hint() }
    }
  }

  /// Whether no sender is left and everything was received.
  @inlinable
  func isDrained(_ head: UInt64) -> Bool {
    // The senders first: what one of them sent before it left is seen in `claims` then.
    guard isClosedForReceiving else { return false }
    return unsafe MPSCClaims.position(block.pointee.claims.load(ordering: .acquiring)) == head
  }

  /// The place is the position that is waited for.
  @inlinable
  public func takeOrRegister(_ token: WakeToken, _ kind: _WaiterKind) -> _ReceiveStep<Element, UInt64> {
    let head = unsafe block.pointee.head.load(ordering: .relaxed)
    let stamp = unsafe stampWord(head).pointee.load(ordering: .acquiring)
    if stamp != MPSCCore.stamp(of: head) && !isClosedForReceiving {
      unsafe token.watch(
        WordWatch(stampWord(head), while: stamp, and: desertedWord, while: 0, announcingIn: receiverWord))
      let isQuiet =
        unsafe stampWord(head).pointee.load(ordering: .acquiring) == stamp && !isClosedForReceiving
      if isQuiet { return .registered(head) }
      forgetReceiverToken()
      unsafe token.unwatch(stampWord(head))
    }
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
  public func withdraw(receiver place: UInt64, _ kind: _WaiterKind, _ token: WakeToken) -> Element? {
    forgetReceiverToken()
    if kind == .future { unsafe token.unwatch(stampWord(place)) }
    return nil
  }

  @inlinable
  public var isClosedForReceiving: Bool { unsafe block.pointee.isDeserted.load(ordering: .acquiring) != 0 }

  /// Only this receiver takes, so what is there stays there.
  @inlinable public var receiveVersion: UInt64 { 0 }

  /// The receiver leaves: what was not received is deinitialised, and senders that wait get their values back.
  @inlinable
  func closeReceiver() {
    // From here on no position is claimed: claims are compare-exchanges of this word.
    let claims = unsafe block.pointee.claims.bitwiseOr(MPSCClaims.closed, ordering: .acquiringAndReleasing)
      .oldValue
    let tail = MPSCClaims.position(claims)
    while let token = passFirstWaiting() { token.wake() }
    // The users' code runs last: nothing here is half done.
    var head = unsafe block.pointee.head.load(ordering: .relaxed)
    while head != tail {
      awaitStamp(of: head)
      let position = head
      head = (head &+ 1) & MPSCClaims.positionMask
      unsafe block.pointee.head.store(head, ordering: .releasing)
      _ = unsafe valuePointer(position).move()
    }
    releaseHandle()
  }

  /// Takes the first of the senders that wait out of the queue; it is to be woken.
  @inlinable
  func passFirstWaiting() -> WakeToken? {
    unsafe block.pointee.lock.lock()
    defer { unsafe block.pointee.lock.unlock() }
    let first = unsafe block.pointee.waiting.first
    if first < 0 { return nil }
    let token = unsafe block.pointee.waiting.nodes[first].token
    unsafe block.pointee.waiting.pass(first)
    updateWaitingCount()
    return token
  }
}
