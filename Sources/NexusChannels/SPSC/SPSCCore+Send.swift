// The sender's side of a channel with one sender and one receiver.

public import CNexus
public import NexusRT
public import Synchronization

extension SPSCCore: _SenderCore {
  @inlinable @inline(__always)
  public func offer(_ value: consuming Element) -> _Offered<Element> {
    let tail = unsafe block.pointee.tail.load(ordering: .relaxed)
    guard hasRoom(at: tail) else {
      return isClosedForSending ? .closed(value) : .full(value)
    }
    // Sound: the position is not before `head + capacity`'s place in the last round: the receiver is done with it.
    unsafe (block.pointee.buffer + Int(tail & block.pointee.mask)).initialize(to: value)
    if publish(upTo: tail &+ 1) { return .sent }
    if let value = takeBack() { return .closed(value) }
    return .sent
  }

  @inlinable
  public func offer(contentsOf values: ArraySlice<Element>) -> Int {
    if isClosedForSending { return 0 }
    let tail = unsafe block.pointee.tail.load(ordering: .relaxed)
    let head = unsafe block.pointee.head.load(ordering: .acquiring) & ~SPSCWords.gone
    unsafe block.pointee.headSeen = head
    let count = unsafe min(Int(block.pointee.capacity &- (tail &- head)), values.count)
    if count == 0 { return 0 }
    var position = tail
    for value in values.prefix(count) {
      unsafe (block.pointee.buffer + Int(position & block.pointee.mask)).initialize(to: value)
      position &+= 1
    }
    if publish(upTo: position) { return count }
    // Of what the receiver did not see, the last is taken back first.
    var sent = count
    while sent > 0, takeBack() != nil { sent -= 1 }
    return sent
  }

  @inlinable @inline(__always)
  func hasRoom(at tail: UInt64) -> Bool {
    if unsafe tail &- block.pointee.headSeen < block.pointee.capacity { return true }
    // Acquire: pairs with the release in `freeRoom`; the place is free.
    unsafe block.pointee.headSeen = block.pointee.head.load(ordering: .acquiring) & ~SPSCWords.gone
    return unsafe tail &- block.pointee.headSeen < block.pointee.capacity
  }

  /// - Returns: false if the receiver is gone.
  @inlinable @inline(__always)
  func publish(upTo tail: UInt64) -> Bool {
    // Release: the values before their position.
    unsafe block.pointee.tail.store(tail, ordering: .releasing)
    nexus_light_fence()
    let receiver = unsafe block.pointee.receiver.load(ordering: .relaxed)
    if receiver == 0 { return true }
    if receiver == SPSCWords.left { return false }
    unsafe wake(receiverWord)
    return true
  }

  /// Takes the last value that was published back from a receiver that is gone, unless that saw it still.
  @inlinable @inline(never)
  func takeBack() -> Element? {
    var end = unsafe block.pointee.abandonedAt.load(ordering: .acquiring)
    // The receiver is between saying that it leaves and saying up to where it has seen.
    while end == .max {
      nexus_spin_hint()
      end = unsafe block.pointee.abandonedAt.load(ordering: .acquiring)
    }
    let last = unsafe block.pointee.tail.load(ordering: .relaxed) &- 1
    guard last >= end else { return nil }
    unsafe block.pointee.tail.store(last, ordering: .relaxed)
    return unsafe (block.pointee.buffer + Int(last & block.pointee.mask)).move()
  }

  /// The value stays with the sender: there is no other whose turn could be taken.
  @inlinable
  public func offerOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind
  ) -> _SendStep<Element, Element> {
    guard mustWait(token) else {
      if kind == .selecting && !token.retire() { return .lost(value) }
      switch offer(value) {
      case .sent: return .sent
      case .closed(let value): return .closed(value)
      case .full: fatalError("the only sender found no room where there was some")
      }
    }
    return .registered(value)
  }

  /// Takes the token of the sender's wait back. As a rule it was never announced, and then the others' line is left alone.
  @inlinable
  func forgetSenderToken() {
    if unsafe block.pointee.sender.load(ordering: .relaxed) != 0 {
      unsafe block.pointee.sender.store(0, ordering: .relaxed)
    }
  }

  @inlinable
  public func withdraw(sender place: Element, _ kind: _WaiterKind, _ token: WakeToken) -> Element? {
    forgetSenderToken()
    if kind == .future { unsafe token.unwatch(headWord) }
    return place
  }

  /// Never: a new registration loses nothing, since there is no queue.
  @inlinable
  public func renew(sender place: Element, _ token: WakeToken) -> Bool { false }

  /// Registers the sender's wait, unless there is room or the receiver is gone.
  @inlinable
  func mustWait(_ token: WakeToken) -> Bool {
    let tail = unsafe block.pointee.tail.load(ordering: .relaxed)
    let full = unsafe tail &- block.pointee.capacity
    unsafe token.watch(WordWatch(headWord, while: full, announcingIn: senderWord))
    if unsafe block.pointee.head.load(ordering: .acquiring) == full { return true }
    forgetSenderToken()
    unsafe token.unwatch(headWord)
    return false
  }

  // MARK: Room: the sender's alone, so that there is nothing to set aside

  @inlinable
  public func reserve() -> _Offered<Void> {
    if isClosedForSending { return .closed(()) }
    return unsafe hasRoom(at: block.pointee.tail.load(ordering: .relaxed)) ? .sent : .full(())
  }

  @inlinable
  public func reserveOrRegister(_ token: WakeToken) -> _ReserveStep<Void> {
    if mustWait(token) { return .registered(()) }
    return isClosedForSending ? .closed : .granted
  }

  @inlinable
  public func withdraw(reserver place: Void) -> Bool {
    forgetSenderToken()
    return false
  }

  @inlinable
  public func fill(_ value: consuming Element) -> Element? {
    switch offer(value) {
    case .sent: nil
    case .closed(let value): value
    case .full: fatalError("room that was set aside was taken")
    }
  }

  @inlinable
  public func release() {}

  @inlinable
  public var isClosedForSending: Bool {
    unsafe block.pointee.receiver.load(ordering: .acquiring) == SPSCWords.left
  }

  /// Only this sender takes room, so what is there stays there.
  @inlinable public var sendVersion: UInt64 { 0 }

  /// The sender leaves: the receiver drains and is told.
  @inlinable
  func closeSender() {
    let tail = unsafe block.pointee.tail.load(ordering: .relaxed)
    unsafe block.pointee.tail.store(tail | SPSCWords.gone, ordering: .releasing)
    // Pairs with the heavy fence of whoever announced the receiver's wait, if that was before.
    nexus_full_fence()
    unsafe wake(receiverWord)
    releaseBlock()
  }
}
