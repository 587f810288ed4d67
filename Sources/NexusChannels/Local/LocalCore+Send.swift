// The senders' side of a channel within one runtime.

public import NexusRT

extension LocalCore: _SenderCore {
  @inlinable @inline(__always)
  public func offer(_ value: consuming Element) -> _Offered<Element> {
    let tail = unsafe block.pointee.tail
    guard unsafe tail &- block.pointee.head < block.pointee.limit else {
      return isClosedForSending ? .closed(value) : .full(value)
    }
    push(value)
    return .sent
  }

  @inlinable @inline(__always)
  func push(_ value: consuming Element) {
    let tail = unsafe block.pointee.tail
    // Sound: there is room, so the place is not initialised.
    unsafe (block.pointee.buffer + (tail & block.pointee.mask)).initialize(to: value)
    unsafe block.pointee.tail = tail &+ 1
    if unsafe block.pointee.receiver != .none { wakeReceiver() }
  }

  @inlinable
  public func offer(contentsOf values: ArraySlice<Element>) -> Int {
    var sent = 0
    for value in values {
      guard case .sent = offer(value) else { break }
      sent += 1
    }
    return sent
  }

  @inlinable @inline(never)
  func wakeReceiver() {
    let token = unsafe block.pointee.receiver
    unsafe block.pointee.receiver = .none
    wake(token)
  }

  @inlinable
  public func offerOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind
  ) -> _SendStep<Element, _SenderPlace<Element>> {
    let isOpen = unsafe count < block.pointee.limit
    if isOpen || isClosedForSending {
      if kind == .selecting && !token.retire() { return .lost(value) }
      if !isOpen { return .closed(value) }
      push(value)
      return .sent
    }
    return .registered(register(token, .value(value), kind))
  }

  @inlinable
  func register(
    _ token: WakeToken, _ deposit: consuming _Deposit<Element>, _ kind: _WaiterKind
  ) -> _SenderPlace<Element> {
    let place = unsafe block.pointee.waiting.append(token, deposit, isFuture: kind == .future)
    unsafe block.pointee.updateLimit()
    return _SenderPlace(place)
  }

  @inlinable
  public func withdraw(
    sender place: _SenderPlace<Element>, _ kind: _WaiterKind, _ token: WakeToken
  ) -> Element? {
    let (isSettled, deposit) = unsafe block.pointee.waiting.take(place.place)
    unsafe block.pointee.updateLimit()
    return isSettled ? nil : deposit?.value
  }

  @inlinable
  public func renew(sender place: _SenderPlace<Element>, _ token: WakeToken) -> Bool {
    guard unsafe block.pointee.waiting.isLinked(place.place) else { return false }
    unsafe block.pointee.waiting.setToken(token, at: place.place)
    return true
  }

  /// Lets those who wait have the room there is, first come, first served.
  @inlinable @inline(never)
  func admitWaiting() {
    while unsafe !block.pointee.waiting.isEmpty,
      unsafe count < block.pointee.capacity - block.pointee.reserved
    {
      let first = unsafe block.pointee.waiting.first
      let node = unsafe block.pointee.waiting.nodes[first]
      // A future is not parked in its wait, and is served whether that lasts or not.
      let isClaimed = node.token.claimLocally()
      guard isClaimed || node.isFuture else {
        unsafe block.pointee.waiting.pass(first)
        continue
      }
      switch node.load {
      case .value(let value):
        unsafe block.pointee.waiting.settle(first, nil)
        push(value)
      case .room:
        unsafe block.pointee.waiting.settle(first, .room)
        unsafe block.pointee.reserved += 1
      case nil: fatalError("a sender that waits has brought nothing")
      }
      if isClaimed { node.token.resumeClaimedLocally() }
    }
    unsafe block.pointee.updateLimit()
  }

  // MARK: Room

  @inlinable
  public func reserve() -> _Offered<Void> {
    if unsafe count < block.pointee.limit {
      unsafe block.pointee.reserved += 1
      unsafe block.pointee.updateLimit()
      return .sent
    }
    return isClosedForSending ? .closed(()) : .full(())
  }

  @inlinable
  public func reserveOrRegister(_ token: WakeToken) -> _ReserveStep<_SenderPlace<Element>> {
    switch reserve() {
    case .sent: .granted
    case .closed: .closed
    case .full: .registered(register(token, .room, .parked))
    }
  }

  @inlinable
  public func withdraw(reserver place: _SenderPlace<Element>) -> Bool {
    let (isSettled, _) = unsafe block.pointee.waiting.take(place.place)
    unsafe block.pointee.updateLimit()
    return isSettled
  }

  @inlinable
  public func fill(_ value: consuming Element) -> Element? {
    unsafe block.pointee.reserved -= 1
    unsafe block.pointee.updateLimit()
    if isClosedForSending { return value }
    push(value)
    return nil
  }

  @inlinable
  public func release() {
    unsafe block.pointee.reserved -= 1
    admitWaiting()
  }

  @inlinable public var isClosedForSending: Bool { unsafe !block.pointee.hasReceiver }

  /// Nothing of this channel changes while one task looks at it.
  @inlinable public var sendVersion: UInt64 { 0 }

  @inlinable
  func addSender() {
    unsafe block.pointee.senders += 1
    retain()
  }

  /// A sender leaves: after the last one the receiver drains and is told.
  @inlinable
  func closeSender() {
    unsafe block.pointee.senders -= 1
    if unsafe block.pointee.senders == 0 && block.pointee.receiver != .none { wakeReceiver() }
    releaseHandle()
  }
}
