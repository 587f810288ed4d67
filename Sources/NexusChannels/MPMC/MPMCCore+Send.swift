// The senders' side of a many-to-many channel.

public import NexusRT
public import Synchronization

extension MPMCCore: _SenderCore {
  @inlinable
  public func offer(_ value: consuming Element) -> _Offered<Element> {
    var token = WakeToken.none
    unsafe block.pointee.lock.lock()
    let outcome = give(value, &token)
    unsafe block.pointee.lock.unlock()
    if token != .none { token.resumeClaimed() }
    if case .closed = outcome { trapIfClosedIsAnError() }
    return outcome
  }

  /// Once a quarter of the room is free: senders that spin then take turns with the receivers, and not with each other.
  @inlinable
  public var isOfferWorthwhile: Bool {
    unsafe block.pointee.values.seenCount.load(ordering: .relaxed) <= block.pointee.capacity / 4 * 3
  }

  /// Hands a value to a receiver that waits, or to the queue. Under the lock; `token` is a wait to be resumed after it.
  @inlinable @inline(__always)
  func give(_ value: consuming Element, _ token: inout WakeToken) -> _Offered<Element> {
    if unsafe block.pointee.isClosed { return .closed(value) }
    while unsafe !block.pointee.receivers.isEmpty {
      let first = unsafe block.pointee.receivers.first
      let waiter = unsafe block.pointee.receivers.nodes[first].token
      if waiter.claim() {
        unsafe block.pointee.receivers.settle(first, value)
        unsafe block.pointee.changed()
        token = waiter
        return .sent
      }
      // Its wait is over, by a deadline, a cancellation or another arm.
      unsafe block.pointee.receivers.pass(first)
    }
    guard
      unsafe block.pointee.senders.isEmpty
        && block.pointee.values.count &+ block.pointee.reserved < block.pointee.capacity
    else { return .full(value) }
    unsafe block.pointee.values.append(value)
    unsafe block.pointee.changed()
    token = nextFuture()
    return .sent
  }

  /// Claims the wait of a future that is to be told that there is something; `none` if no future's task waits. Under the
  /// lock.
  @inlinable @inline(__always)
  func nextFuture() -> WakeToken {
    while unsafe !block.pointee.futures.isEmpty {
      let first = unsafe block.pointee.futures.first
      let token = unsafe block.pointee.futures.nodes[first].token
      unsafe block.pointee.futures.pass(first)
      if token.claim() { return token }
    }
    return .none
  }

  @inlinable
  public func offer(contentsOf values: ArraySlice<Element>) -> Int {
    var rest = values
    while !rest.isEmpty {
      var wakes = WakeList()
      let isOpen = unsafe withLock { block in
        while !wakes.isFull, let next = rest.first {
          var token = WakeToken.none
          guard case .sent = give(next, &token) else { return false }
          if token != .none { wakes.append(token) }
          rest.removeFirst()
        }
        return true
      }
      wakes.resumeAll()
      if !isOpen { break }
    }
    return values.count - rest.count
  }

  // MARK: Waiting

  @inlinable
  public func offerOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind
  ) -> _SendStep<Element, _SenderPlace<Element>> {
    var woken = WakeToken.none
    unsafe block.pointee.lock.lock()
    let step = giveOrRegister(value, token, kind, &woken)
    unsafe block.pointee.lock.unlock()
    if woken != .none { woken.resumeClaimed() }
    if case .closed = step { trapIfClosedIsAnError() }
    return step
  }

  /// Under the lock.
  @inlinable
  func giveOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind, _ woken: inout WakeToken
  ) -> _SendStep<Element, _SenderPlace<Element>> {
    if kind == .selecting {
      // Looked at before the token is retired: a select that can not go on must stay claimable for its other arms.
      guard canGive(besides: token) else {
        return .registered(register(token, .value(value), isFuture: false, &woken))
      }
      guard token.retire() else { return .lost(value) }
    }
    switch give(value, &woken) {
    case .sent: return .sent
    case .closed(let value): return .closed(value)
    case .full(let value):
      // Of a select whose counterparts all turned out to be gone: it begins anew.
      if kind == .selecting { return .lost(value) }
      return .registered(register(token, .value(value), isFuture: kind == .future, &woken))
    }
  }

  /// Whether a value might be given now, to another one than the select that waits with `token`. Under the lock.
  @inlinable
  func canGive(besides token: WakeToken) -> Bool {
    if unsafe block.pointee.isClosed { return true }
    var index = unsafe block.pointee.receivers.first
    while index >= 0 {
      if unsafe block.pointee.receivers.nodes[index].token != token { return true }
      index = unsafe block.pointee.receivers.nodes[index].next
    }
    return unsafe block.pointee.senders.isEmpty
      && block.pointee.values.count + block.pointee.reserved < block.pointee.capacity
  }

  @inlinable
  func register(
    _ token: WakeToken, _ deposit: consuming _Deposit<Element>, isFuture: Bool, _ woken: inout WakeToken
  ) -> _SenderPlace<Element> {
    let place = unsafe block.pointee.senders.append(token, deposit, isFuture: isFuture)
    unsafe block.pointee.changed()
    // At a rendezvous, and where permits have all the room, there is something to receive now, by others than the select that this
    // may be an arm of: that may stand among the receivers too.
    if unsafe block.pointee.values.count == 0 || block.pointee.capacity == 0 { woken = nextFuture() }
    return _SenderPlace(place)
  }

  @inlinable
  public func withdraw(
    sender place: _SenderPlace<Element>, _ kind: _WaiterKind, _ token: WakeToken
  ) -> Element? {
    let (isSettled, deposit) = leave(place)
    return isSettled ? nil : deposit?.value
  }

  @inlinable
  public func renew(sender place: _SenderPlace<Element>, _ token: WakeToken) -> Bool {
    unsafe withLock { block in
      guard unsafe block.pointee.senders.isLinked(place.place) else { return false }
      unsafe block.pointee.senders.setToken(token, at: place.place)
      return true
    }
  }

  @inlinable
  func leave(_ place: _SenderPlace<Element>) -> (isSettled: Bool, load: _Deposit<Element>?) {
    var wakes = WakeList()
    let result = unsafe withLock { block in
      let result = unsafe block.pointee.senders.take(place.place)
      if !result.isSettled { unsafe block.pointee.changed() }
      admitWaiting(&wakes)
      return result
    }
    wakes.resumeAll()
    return result
  }

  /// Lets senders that wait have the room there is, first come, first served. Under the lock.
  @inlinable
  func admitWaiting(_ wakes: inout WakeList) {
    if unsafe block.pointee.capacity == 0 {
      let token = grantRendezvous()
      if token != .none { wakes.append(token) }
      return
    }
    while unsafe !block.pointee.senders.isEmpty && !wakes.isFull && !block.pointee.isClosed
      && block.pointee.values.count + block.pointee.reserved < block.pointee.capacity
    {
      let first = unsafe block.pointee.senders.first
      guard let token = claimSender(first) else { continue }
      if case .value(let value) = unsafe block.pointee.senders.nodes[first].load {
        unsafe block.pointee.senders.settle(first, nil)
        unsafe block.pointee.values.append(value)
        let future = nextFuture()
        if future != .none { wakes.append(future) }
      } else {
        unsafe block.pointee.senders.settle(first, .room)
        unsafe block.pointee.reserved += 1
      }
      if token != .none { wakes.append(token) }
      if wakes.count >= WakeList.most - 1 { return }
    }
  }

  /// Claims the wait of a sender in the queue: `none` for a future whose task waits for something else by now; nil, and the
  /// sender is passed over, if the wait is over.
  @inlinable
  func claimSender(_ index: Int) -> WakeToken? {
    let token = unsafe block.pointee.senders.nodes[index].token
    if token.claim() { return token }
    if unsafe block.pointee.senders.nodes[index].isFuture { return WakeToken.none }
    unsafe block.pointee.senders.pass(index)
    return nil
  }

  // MARK: Room

  /// Room of a rendezvous is a receiver that waits and was not promised to another permit. Senders that stand beside it are
  /// arms of the same select, which does not meet itself: nobody is overtaken.
  @inlinable
  var hasRoom: Bool {
    let taken = unsafe block.pointee.values.count + block.pointee.reserved
    if unsafe block.pointee.capacity == 0 { return unsafe taken < block.pointee.receivers.count }
    return unsafe block.pointee.senders.isEmpty && taken < block.pointee.capacity
  }

  @inlinable
  public func reserve() -> _Offered<Void> {
    unsafe withLock { block in
      if unsafe block.pointee.isClosed { return .closed(()) }
      guard hasRoom else { return .full(()) }
      unsafe block.pointee.reserved += 1
      unsafe block.pointee.changed()
      return .sent
    }
  }

  @inlinable
  public func reserveOrRegister(_ token: WakeToken) -> _ReserveStep<_SenderPlace<Element>> {
    unsafe withLock { block in
      if unsafe block.pointee.isClosed { return .closed }
      if hasRoom {
        unsafe block.pointee.reserved += 1
        unsafe block.pointee.changed()
        return .granted
      }
      return .registered(_SenderPlace(unsafe block.pointee.senders.append(token, .room, isFuture: false)))
    }
  }

  @inlinable
  public func withdraw(reserver place: _SenderPlace<Element>) -> Bool { leave(place).isSettled }

  @inlinable
  public func fill(_ value: consuming Element) -> Element? {
    var token = WakeToken.none
    var wakes = WakeList()
    unsafe block.pointee.lock.lock()
    unsafe block.pointee.reserved -= 1
    let back = deliver(value, &token)
    // The room is free again if the value went to a receiver that waits.
    if unsafe !block.pointee.senders.isEmpty { admitWaiting(&wakes) }
    unsafe block.pointee.lock.unlock()
    if token != .none { token.resumeClaimed() }
    wakes.resumeAll()
    return back
  }

  /// Gives a value for which room was set aside. Under the lock.
  @inlinable
  func deliver(_ value: consuming Element, _ token: inout WakeToken) -> Element? {
    if unsafe block.pointee.isClosed { return value }
    while unsafe !block.pointee.receivers.isEmpty {
      let first = unsafe block.pointee.receivers.first
      let waiter = unsafe block.pointee.receivers.nodes[first].token
      if waiter.claim() {
        unsafe block.pointee.receivers.settle(first, value)
        unsafe block.pointee.changed()
        token = waiter
        return nil
      }
      unsafe block.pointee.receivers.pass(first)
    }
    // At a rendezvous whose receiver has left meanwhile the value waits for the next one.
    unsafe block.pointee.values.append(value)
    unsafe block.pointee.changed()
    token = nextFuture()
    return nil
  }

  @inlinable
  public func release() {
    var wakes = WakeList()
    unsafe withLock { block in
      unsafe block.pointee.reserved -= 1
      unsafe block.pointee.changed()
      admitWaiting(&wakes)
      // The room of a rendezvous is a receiver that waits: it is promised to the next.
      if unsafe block.pointee.capacity == 0 && !block.pointee.isClosed {
        let granted = grantRendezvous()
        if granted != .none { wakes.append(granted) }
      }
    }
    wakes.resumeAll()
  }

  @inlinable
  public func trapIfClosedIsAnError() {
    if unsafe block.pointee.rule == .traps {
      fatalError("NexusChannels: a value was sent on a closed channel")
    }
  }
}
