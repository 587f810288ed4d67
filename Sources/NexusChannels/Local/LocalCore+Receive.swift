// The receiver's side of a channel within one runtime.

public import NexusRT

extension LocalCore: _ReceiverCore {
  @inlinable @inline(__always)
  public func take() -> _Taken<Element> {
    let head = unsafe block.pointee.head
    if unsafe head == block.pointee.tail { return isClosedForReceiving ? .closed : .empty }
    // Sound: the position lies before `tail`.
    let value = unsafe (block.pointee.buffer + (head & block.pointee.mask)).move()
    unsafe block.pointee.head = head &+ 1
    if unsafe block.pointee.limit == .min { admitWaiting() }
    return .value(value)
  }

  @inlinable
  public func take(into buffer: inout [Element], atMost limit: Int) -> Int {
    var taken = 0
    while taken < limit, case .value(let value) = take() {
      buffer.append(value)
      taken += 1
    }
    return taken
  }

  @inlinable
  public func takeOrRegister(_ token: WakeToken, _ kind: _WaiterKind) -> _ReceiveStep<Element, Void> {
    if unsafe count == 0 && block.pointee.senders > 0 {
      unsafe block.pointee.receiver = token
      return .registered(())
    }
    if kind == .selecting && !token.retire() { return .lost }
    switch take() {
    case .value(let value): return .value(value)
    case .closed: return .closed
    case .empty: fatalError("the only receiver found nothing where there was something")
    }
  }

  @inlinable
  public func withdraw(receiver place: Void, _ kind: _WaiterKind, _ token: WakeToken) -> Element? {
    unsafe block.pointee.receiver = .none
    return nil
  }

  @inlinable public var isClosedForReceiving: Bool { unsafe block.pointee.senders == 0 }

  /// Only this receiver takes, so what is there stays there.
  @inlinable public var receiveVersion: UInt64 { 0 }

  /// The receiver leaves: what was not received is deinitialised, and senders that wait get their values back.
  @inlinable
  func closeReceiver() {
    unsafe block.pointee.hasReceiver = false
    unsafe block.pointee.updateLimit()
    while unsafe !block.pointee.waiting.isEmpty {
      let first = unsafe block.pointee.waiting.first
      let token = unsafe block.pointee.waiting.nodes[first].token
      unsafe block.pointee.waiting.pass(first)
      wake(token)
    }
    // The users' code runs last, and may use the channel: each value has left it before its deinit.
    while unsafe block.pointee.head != block.pointee.tail {
      let head = unsafe block.pointee.head
      unsafe block.pointee.head = head &+ 1
      _ = unsafe (block.pointee.buffer + (head & block.pointee.mask)).move()
    }
    releaseHandle()
  }
}
