// The senders' side of a channel with many senders.

public import CNexus
public import NexusRT
public import Synchronization

extension MPSCCore: _SenderCore {
  @inlinable @inline(__always)
  public func offer(_ value: consuming Element) -> _Offered<Element> {
    // Those who wait come first.
    if unsafe block.pointee.waitingCount.load(ordering: .relaxed) != 0 {
      return isClosedForSending ? .closed(value) : .full(value)
    }
    let (outcome, word) = claim(MPSCClaims.step)
    switch outcome {
    case .granted:
      publish(value, at: MPSCClaims.position(word))
      return .sent
    case .full: return .full(value)
    case .closed: return .closed(value)
    }
  }

  @usableFromInline
  enum Claim {
    case granted, full, closed
  }

  /// Adds `step` to `claims`, a position or room to be set aside, if there is room for it.
  ///
  /// - Returns: Also the word before.
  @inlinable @inline(__always)
  func claim(_ step: UInt64) -> (Claim, UInt64) {
    var word = unsafe block.pointee.claims.load(ordering: .relaxed)
    while true {
      if word & MPSCClaims.closed != 0 { return (.closed, word) }
      if !hasRoom(word) {
        let now = unsafe block.pointee.claims.load(ordering: .relaxed)
        if now == word { return (.full, word) }
        word = now
        continue
      }
      // Release: whoever takes a later position by a permit, and acquires this, may write where the `head` that was seen here
      // says that the receiver is done.
      let (done, now) = unsafe block.pointee.claims.weakCompareExchange(
        expected: word, desired: word &+ step, ordering: .releasing)
      if done { return (.granted, word) }
      word = now
    }
  }

  /// Whether one more fits, at the state of `claims` that `word` is.
  @inlinable @inline(__always)
  func hasRoom(_ word: UInt64) -> Bool {
    let taken = MPSCClaims.reserved(word)
    let tail = MPSCClaims.position(word)
    // Acquire: whoever stored it had acquired `head`, so the places before it are free.
    let seen = unsafe block.pointee.headSeen.load(ordering: .acquiring)
    let used = ((tail &- seen) & MPSCClaims.positionMask) &+ taken
    if unsafe used < block.pointee.capacity { return taken < MPSCClaims.mostReserved }
    return hasRoomNow(tail, taken)
  }

  @inlinable @inline(never)
  func hasRoomNow(_ tail: UInt64, _ taken: UInt64) -> Bool {
    // Acquire: pairs with the release in `freeRoom`.
    let head = unsafe block.pointee.head.load(ordering: .acquiring)
    unsafe block.pointee.headSeen.store(head, ordering: .releasing)
    // Wraps to something enormous if `tail` is out of date by so much that `head` has passed it.
    return unsafe ((tail &- head) & MPSCClaims.positionMask) &+ taken < block.pointee.capacity
      && taken < MPSCClaims.mostReserved
  }

  @inlinable @inline(__always)
  func publish(_ value: consuming Element, at position: UInt64) {
    write(value, at: position)
    tellReceiver()
  }

  @inlinable @inline(__always)
  func write(_ value: consuming Element, at position: UInt64) {
    // Sound: the position is this sender's alone, and the receiver is done with the place.
    unsafe valuePointer(position).initialize(to: value)
    // Release: the value before its stamp.
    unsafe stampWord(position).pointee.store(MPSCCore.stamp(of: position), ordering: .releasing)
  }

  @inlinable @inline(__always)
  func tellReceiver() {
    nexus_light_fence()
    if unsafe block.pointee.receiver.load(ordering: .relaxed) != 0 { wakeReceiver() }
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

  // MARK: Waiting

  /// Always registers, and then looks whether there is room for those who wait: maybe for this one.
  ///
  /// A sender whose wait has ended and that has not left the queue yet is served all the same: it finds that its value was
  /// sent. Its loop may have woken it on its own account, and its turn is not to be lost by that.
  @inlinable
  public func offerOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind
  ) -> _SendStep<Element, _SenderPlace<Element>> {
    if isClosedForSending {
      if kind == .selecting && !token.retire() { return .lost(value) }
      return .closed(value)
    }
    return .registered(register(token, .value(value), kind))
  }

  @inlinable
  func register(
    _ token: WakeToken, _ deposit: consuming _Deposit<Element>, _ kind: _WaiterKind
  ) -> _SenderPlace<Element> {
    let head = unsafe block.pointee.head.load(ordering: .acquiring)
    unsafe block.pointee.lock.lock()
    let isCovered = unsafe !block.pointee.waiting.isEmpty && block.pointee.watcher != .nobody
    // Of those that are not parked only a select may have something else by now: the others are served anyhow.
    let place = unsafe block.pointee.waiting.append(token, deposit, isFuture: kind != .selecting)
    if !isCovered { unsafe block.pointee.watcher = kind == .future ? .nobody : .node(place.index) }
    updateWaitingCount()
    unsafe block.pointee.lock.unlock()
    watchForRoom(token, head, isWatcher: !isCovered)
    return _SenderPlace(place)
  }

  /// Makes sure that a sender in the queue does not miss room, nor the end of the receiver.
  @inlinable
  func watchForRoom(_ token: WakeToken, _ head: UInt64, isWatcher: Bool) {
    // The count before the last look: whoever frees room makes a light fence before it looks at the count, so the
    // loop watches `head`. For the first only: all the others would be woken with it, and lose their turns.
    nexus_full_fence()
    if isWatcher { unsafe token.watch(WordWatch(headWord, while: head, announcingIn: nil)) }
    // The receiver sets the closed bit and then empties the queue under the lock: this is in it then, or sees the bit.
    if isClosedForSending { token.wake() } else { admitWaiting() }
  }

  @inlinable
  public func withdraw(
    sender place: _SenderPlace<Element>, _ kind: _WaiterKind, _ token: WakeToken
  ) -> Element? {
    // Another future of the same wait may have relied on this one's watch.
    if kind == .future { unsafe token.unwatch(headWord) }
    let (isSettled, deposit) = leave(place, wasWatched: kind == .future)
    return isSettled ? nil : deposit?.value
  }

  @inlinable
  public func renew(sender place: _SenderPlace<Element>, _ token: WakeToken) -> Bool {
    let head = unsafe block.pointee.head.load(ordering: .acquiring)
    unsafe block.pointee.lock.lock()
    let isLinked = unsafe block.pointee.waiting.isLinked(place.place)
    var earlier = WakeToken.none
    if isLinked {
      earlier = unsafe block.pointee.waiting.nodes[place.place.index].token
      unsafe block.pointee.waiting.setToken(token, at: place.place)
    }
    unsafe block.pointee.lock.unlock()
    guard isLinked else { return false }
    // The earlier watch ended with the earlier wait, maybe before its heavy fence; or that wait still lasts.
    unsafe earlier.unwatch(headWord)
    // Another future of that wait may have relied on it.
    let others = unsafe block.pointee.waitingCount.load(ordering: .relaxed) - 1
    if earlier != token && others > 0 { nexus_heavy_fence() }
    watchForRoom(token, head, isWatcher: true)
    return true
  }

  @inlinable
  func leave(
    _ place: _SenderPlace<Element>, wasWatched: Bool = false
  ) -> (isSettled: Bool, load: _Deposit<Element>?) {
    unsafe block.pointee.lock.lock()
    if unsafe block.pointee.waiting.isLinked(place.place) {
      // The loop saw `head` change, or the wait ended otherwise: if there is room its turn may be now.
      unsafe block.pointee.lock.unlock()
      admitWaiting()
      unsafe block.pointee.lock.lock()
    }
    let result = unsafe block.pointee.waiting.take(place.place)
    let isWatcher = unsafe block.pointee.watcher == .node(place.place.index)
    if isWatcher { unsafe block.pointee.watcher = .fence }
    updateWaitingCount()
    unsafe block.pointee.lock.unlock()
    // Room that came while this stood first may be somebody else's now.
    if unsafe block.pointee.waitingCount.load(ordering: .relaxed) != 0 {
      // Those behind it relied on its watch: from here on the receiver sees that they wait.
      if isWatcher || wasWatched { nexus_heavy_fence() }
      admitWaiting()
    }
    return result
  }

  /// Under the lock.
  @inlinable
  func updateWaitingCount() {
    unsafe block.pointee.waitingCount.store(block.pointee.waiting.count, ordering: .relaxed)
  }

  /// Lets those who wait have the room there is, first come, first served. Anybody may call it.
  @inlinable @inline(never)
  func admitWaiting() {
    while let token = admitFirstWaiting() {
      tellReceiver()
      if token != .none { token.resumeClaimed() }
    }
  }

  /// Serves the first who waits if there is room; nil if there is none, or nobody.
  ///
  /// - Returns: The wait to be resumed; `none` for a future whose task waits for something else by now.
  @inlinable
  func admitFirstWaiting() -> WakeToken? {
    unsafe block.pointee.lock.lock()
    defer { unsafe block.pointee.lock.unlock() }
    // The room first: a waiter that was claimed must not be let down.
    guard unsafe !block.pointee.waiting.isEmpty, claim(1).0 == .granted else { return nil }
    defer { updateWaitingCount() }
    while unsafe !block.pointee.waiting.isEmpty {
      let first = unsafe block.pointee.waiting.first
      let token = unsafe block.pointee.waiting.nodes[first].token
      let isFuture = unsafe block.pointee.waiting.nodes[first].isFuture
      let isClaimed = token.claim()
      // It finds out when it leaves the queue, whether its wait lasts or not; but not a select that took another arm.
      guard isClaimed || isFuture else {
        unsafe block.pointee.waiting.pass(first)
        continue
      }
      serve(first)
      return isClaimed ? token : WakeToken.none
    }
    giveBackRoom()
    return nil
  }

  /// Gives the waiter at `index` the room that was set aside for it: sends its value, if it brought one.
  @inlinable
  func serve(_ index: Int) {
    guard case .value(let value) = unsafe block.pointee.waiting.nodes[index].load else {
      unsafe block.pointee.waiting.settle(index, .room)
      return
    }
    if let position = claimReserved() {
      write(value, at: position)
      unsafe block.pointee.waiting.settle(index, nil)
    } else {
      // Closed since: the waiter takes its value back and finds out.
      unsafe block.pointee.waiting.pass(index)
    }
  }

  // MARK: Room

  @inlinable
  public func reserve() -> _Offered<Void> {
    if unsafe block.pointee.waitingCount.load(ordering: .relaxed) != 0 {
      return isClosedForSending ? .closed(()) : .full(())
    }
    switch claim(1).0 {
    case .granted: return .sent
    case .full: return .full(())
    case .closed: return .closed(())
    }
  }

  @inlinable
  public func reserveOrRegister(_ token: WakeToken) -> _ReserveStep<_SenderPlace<Element>> {
    isClosedForSending ? .closed : .registered(register(token, .room, .parked))
  }

  @inlinable
  public func withdraw(reserver place: _SenderPlace<Element>) -> Bool { leave(place).isSettled }

  @inlinable
  public func fill(_ value: consuming Element) -> Element? {
    guard let position = claimReserved() else { return value }
    publish(value, at: position)
    return nil
  }

  /// Turns room that was set aside into a position; nil if the channel is closed.
  @inlinable
  func claimReserved() -> UInt64? {
    var word = unsafe block.pointee.claims.load(ordering: .relaxed)
    while true {
      if word & MPSCClaims.closed != 0 { return nil }
      // Acquire: pairs with the release of `head` by way of whoever claimed the position before this one, or set the room aside.
      let (done, now) = unsafe block.pointee.claims.weakCompareExchange(
        expected: word, desired: word &- 1 &+ MPSCClaims.step, ordering: .acquiring)
      if done { return MPSCClaims.position(word) }
      word = now
    }
  }

  /// Room that was set aside is not needed.
  @inlinable
  func giveBackRoom() {
    // Before it is: `sendVersion` never seems to fall.
    unsafe block.pointee.released.add(1, ordering: .relaxed)
    unsafe block.pointee.claims.subtract(1, ordering: .releasing)
  }

  @inlinable
  public func release() {
    giveBackRoom()
    nexus_full_fence()
    if unsafe block.pointee.waitingCount.load(ordering: .relaxed) != 0 { admitWaiting() }
  }

  @inlinable
  public var isClosedForSending: Bool {
    unsafe block.pointee.claims.load(ordering: .acquiring) & MPSCClaims.closed != 0
  }

  /// Only grows: where room that was set aside is given back, `claims` falls by 1, and this grows by 1 all the same.
  @inlinable
  public var sendVersion: UInt64 {
    // Acquire: `released` as of this state of `claims`, at least.
    let claims = unsafe block.pointee.claims.load(ordering: .acquiring)
    return unsafe claims &+ 2 &* block.pointee.released.load(ordering: .relaxed)
      &+ block.pointee.head.load(ordering: .acquiring)
  }

  @inlinable
  func addSender() {
    unsafe block.pointee.senders.add(1, ordering: .relaxed)
    unsafe block.pointee.handles.add(1, ordering: .relaxed)
  }

  /// One more sender, unless none is left.
  @inlinable
  func addSenderIfOpen() -> Bool {
    guard unsafe block.pointee.senders.addIfAny() else { return false }
    unsafe block.pointee.handles.add(1, ordering: .relaxed)
    return true
  }

  /// A sender leaves: after the last one the receiver drains and is told.
  @inlinable
  func closeSender() {
    if unsafe block.pointee.senders.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
      // Release: what was claimed by any sender is visible to who sees this.
      unsafe block.pointee.isDeserted.store(1, ordering: .releasing)
      nexus_full_fence()
      if unsafe block.pointee.receiver.load(ordering: .relaxed) != 0 { wakeReceiver() }
    }
    releaseHandle()
  }
}
