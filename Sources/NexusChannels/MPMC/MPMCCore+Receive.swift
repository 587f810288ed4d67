// The receivers' side of a many-to-many channel.

public import NexusRT
public import Synchronization

extension MPMCCore: _ReceiverCore {
  @inlinable
  public func take() -> _Taken<Element> {
    var token = WakeToken.none
    unsafe block.pointee.lock.lock()
    let taken = takeLocked(&token)
    unsafe block.pointee.lock.unlock()
    if token != .none { token.resumeClaimed() }
    return taken
  }

  /// Leaves the lock alone where there is nothing: an empty channel is looked at often.
  @inlinable
  public func takeReady() -> _Taken<Element> {
    if unsafe block.pointee.values.seenCount.load(ordering: .relaxed) == 0 { return .empty }
    return take()
  }

  /// The next value: of the queue, and the first sender that waits moves up; or of a sender, at a rendezvous. Under the lock;
  /// `token` is a wait to be resumed after it.
  @inlinable @inline(__always)
  func takeLocked(_ token: inout WakeToken) -> _Taken<Element> {
    if unsafe block.pointee.values.count > 0 {
      let value = unsafe block.pointee.values.removeFirst()
      unsafe block.pointee.changed()
      if unsafe !block.pointee.senders.isEmpty { token = moveUp() }
      if unsafe block.pointee.values.count == 0 { unsafe block.pointee.values.trim() }
      return .value(value)
    }
    if unsafe !block.pointee.senders.isEmpty, let value = takeFromSender(&token) { return .value(value) }
    return unsafe block.pointee.isClosed ? .closed : .empty
  }

  /// Serves the first sender that waits, if there is room now; returns its wait. Under the lock.
  @inlinable @inline(never)
  func moveUp() -> WakeToken {
    while unsafe !block.pointee.senders.isEmpty && !block.pointee.isClosed
      && block.pointee.values.count + block.pointee.reserved < block.pointee.capacity
    {
      let first = unsafe block.pointee.senders.first
      guard let token = claimSender(first) else { continue }
      if case .value(let value) = unsafe block.pointee.senders.nodes[first].load {
        unsafe block.pointee.senders.settle(first, nil)
        unsafe block.pointee.values.append(value)
      } else {
        unsafe block.pointee.senders.settle(first, .room)
        unsafe block.pointee.reserved += 1
      }
      if token != .none { return token }
    }
    return .none
  }

  /// The value of the first sender that waits with one, at a rendezvous or because permits have all the room. Under the lock.
  @inlinable @inline(never)
  func takeFromSender(_ token: inout WakeToken) -> Element? {
    if unsafe block.pointee.isClosed { return nil }
    var index = unsafe block.pointee.senders.first
    while index >= 0 {
      let next = unsafe block.pointee.senders.nodes[index].next
      if case .value(let value) = unsafe block.pointee.senders.nodes[index].load,
        let waiter = claimSender(index)
      {
        unsafe block.pointee.senders.settle(index, nil)
        unsafe block.pointee.changed()
        token = waiter
        return value
      }
      index = next
    }
    return nil
  }

  @inlinable
  public func take(into buffer: inout [Element], atMost limit: Int) -> Int {
    var taken = 0
    var isDone = false
    while !isDone && taken < limit {
      var wakes = WakeList()
      unsafe withLock { _ in
        while taken < limit && !wakes.isFull {
          var token = WakeToken.none
          guard case .value(let value) = takeLocked(&token) else {
            isDone = true
            break
          }
          buffer.append(value)
          taken += 1
          if token != .none { wakes.append(token) }
        }
      }
      wakes.resumeAll()
    }
    return taken
  }

  // MARK: Waiting

  @frozen
  @usableFromInline
  enum Registration {
    case parked(WaitQueue<Element>.Place)
    case future(WaitQueue<Void>.Place)
  }

  /// A receiver's node, of either queue.
  @frozen
  public struct Place {
    @usableFromInline let registration: Registration
    @inlinable init(_ registration: Registration) { self.registration = registration }
  }

  @inlinable
  public func takeOrRegister(_ token: WakeToken, _ kind: _WaiterKind) -> _ReceiveStep<Element, Place> {
    var woken = WakeToken.none
    unsafe block.pointee.lock.lock()
    let step = takeOrRegisterLocked(token, kind, &woken)
    unsafe block.pointee.lock.unlock()
    if woken != .none { woken.resumeClaimed() }
    return step
  }

  @inlinable
  func takeOrRegisterLocked(
    _ token: WakeToken, _ kind: _WaiterKind, _ woken: inout WakeToken
  ) -> _ReceiveStep<Element, Place> {
    if kind == .selecting {
      // Looked at before the token is retired: a select that can not go on must stay claimable for its other arms.
      guard canTake(besides: token) else { return .registered(park(token, &woken)) }
      guard token.retire() else { return .lost }
    }
    switch takeLocked(&woken) {
    case .value(let value): return .value(value)
    case .closed: return .closed
    case .empty:
      switch kind {
      // Of a select whose counterparts all turned out to be gone: it begins anew.
      case .selecting: return .lost
      case .parked: return .registered(park(token, &woken))
      case .future:
        unsafe block.pointee.changed()
        return .registered(Place(.future(unsafe block.pointee.futures.append(token, nil, isFuture: true))))
      }
    }
  }

  @inlinable
  func park(_ token: WakeToken, _ woken: inout WakeToken) -> Place {
    let place = unsafe block.pointee.receivers.append(token, nil, isFuture: false)
    unsafe block.pointee.changed()
    // At a rendezvous this is room, for who wants to reserve some.
    if unsafe block.pointee.capacity == 0 && !block.pointee.senders.isEmpty { woken = grantRendezvous() }
    return Place(.parked(place))
  }

  /// Sets a receiver that waits aside for the first who wants to reserve one; returns the wait to be resumed. Under the lock.
  @inlinable @inline(never)
  func grantRendezvous() -> WakeToken {
    var index = unsafe block.pointee.senders.first
    while unsafe index >= 0
      && block.pointee.values.count + block.pointee.reserved < block.pointee.receivers.count
    {
      let next = unsafe block.pointee.senders.nodes[index].next
      // A value beside a receiver that waits is that of the same select, or of a wait that is over.
      if case .room = unsafe block.pointee.senders.nodes[index].load, let token = claimSender(index) {
        unsafe block.pointee.senders.settle(index, .room)
        unsafe block.pointee.reserved += 1
        return token
      }
      index = next
    }
    return .none
  }

  /// Whether something might be taken now, the end of the channel included, from another one than the select that waits
  /// with `token`. Under the lock.
  @inlinable
  func canTake(besides token: WakeToken) -> Bool {
    if unsafe block.pointee.values.count > 0 || block.pointee.isClosed { return true }
    // Of a sender that waits: at a rendezvous, or because permits have all the room.
    var index = unsafe block.pointee.senders.first
    while index >= 0 {
      let node = unsafe block.pointee.senders.nodes[index]
      if case .value = node.load, node.token != token { return true }
      index = node.next
    }
    return false
  }

  @inlinable
  public func withdraw(receiver place: Place, _ kind: _WaiterKind, _ token: WakeToken) -> Element? {
    switch place.registration {
    case .parked(let node):
      return unsafe withLock { block in
        let result = unsafe block.pointee.receivers.take(node)
        if !result.isSettled { unsafe block.pointee.changed() }
        return result.load
      }
    case .future(let node):
      var next = WakeToken.none
      unsafe withLock { block in
        let wasTold = unsafe !block.pointee.futures.isLinked(node)
        _ = unsafe block.pointee.futures.take(node)
        // It was told of something that it leaves to others.
        if wasTold && canTake(besides: token) { next = nextFuture() }
      }
      if next != .none { next.resumeClaimed() }
      return nil
    }
  }
}
