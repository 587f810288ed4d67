// The sending end of a byte channel, in tasks and in plain threads.

internal import CNexus
public import LogBuf
internal import NexusRT

/// An end of a byte channel that claims room for records. Its kinds are `SPSCBytes.Sender` and `MPSCBytes.Sender`.
///
/// A sender can be moved to another task or thread; only the one of `MPSCBytes` can be cloned. Once all senders of a
/// channel are gone its receiver gets what was committed, then `closed`.
@frozen
public struct BytesSender<Writer: _BytesWriter & ~Copyable>: ~Copyable, Sendable {
  @usableFromInline var writer: Writer
  @usableFromInline let signals: BytesSignals

  @inlinable
  init(writer: consuming Writer, signals: BytesSignals) {
    self.writer = writer
    self.signals = signals
  }

  @inlinable
  deinit {
    writer.close()
    signals.senderLeft()
  }

  /// Closes this sender now: the same as dropping it, said aloud.
  @inlinable
  public consuming func close() {}
}

extension BytesSender where Writer == MPSCWriter {
  /// Another sender of the same channel. O(1), no allocation.
  @inlinable
  public borrowing func clone() -> BytesSender<MPSCWriter> {
    BytesSender(writer: writer.clone(), signals: signals)
  }
}

// MARK: Claiming

extension BytesSender where Writer: ~Copyable {
  /// Claims room for a record of `count` bytes, if there is room now. From tasks and threads alike.
  ///
  /// - Parameter count: The payload in bytes. Zero or less is a programmer's error and traps.
  /// - Throws: `ClaimError.tooLarge` when `count` exceeds `largestRecord`, `.closed` when the receiver is gone, `.full` when
  ///   there is no room at the moment, or others wait for room: it is theirs first.
  /// - Complexity: O(1), no allocation, no system call.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func tryClaim(_ count: Int) throws(ClaimError) -> BytesClaim {
    if signals.hasWaitingSenders { throw refusalBehindOthers(of: count) }
    guard let ticket = unsafe try writer._tryTicket(count) else { throw .full }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }

  /// Claims room for a record of `count` bytes; waits while there is none.
  ///
  /// Those who wait are served in the order in which they came.
  ///
  /// - Parameter count: The payload in bytes. Zero or less is a programmer's error and traps.
  /// - Throws: `BytesSendError.tooLarge`, `.closed` (also when the receiver goes while this waits), and `.cancelled` when the task
  ///   is cancelled before it must wait or while it waits. Room that is there is taken without a look at that.
  /// - Complexity: O(1), no allocation; suspends only when the ring is full.
  ///
  /// From a task of a runtime; a plain thread uses `claimBlocking`.
  @inlinable @inline(__always)
  @_lifetime(&self)
  nonisolated(nonsending) public mutating func claim(_ count: Int) async throws(BytesSendError) -> BytesClaim
  {
    let ticket: _WriteTicket
    if let free = unsafe try tryInTurn(count) {
      unsafe ticket = unsafe free
    } else {
      unsafe ticket = unsafe try await waitForRoom(count)
    }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }

  /// As `claim`, from a plain thread: spins for some microseconds while the ring is full, then parks the thread.
  ///
  /// - Throws: `BytesSendError.tooLarge` and `.closed`.
  ///
  /// Traps on a runtime's thread, which it would block together with all of its tasks.
  @inlinable @inline(__always)
  @_lifetime(&self)
  public mutating func claimBlocking(_ count: Int) throws(BytesSendError) -> BytesClaim {
    let ticket: _WriteTicket
    if let free = unsafe try tryInTurn(count) {
      unsafe ticket = unsafe free
    } else {
      unsafe ticket = unsafe try parkForRoom(count)
    }
    return unsafe _overrideLifetime(BytesClaim(ticket, signals), mutating: &self)
  }

  /// Claims unless there is no room or others wait for it: nil then.
  @inlinable @inline(__always)
  mutating func tryInTurn(_ count: Int) throws(BytesSendError) -> _WriteTicket? {
    if signals.hasWaitingSenders { return nil }
    return unsafe try tryNow(count)
  }

  /// Claims unless there is no room: nil then.
  @inlinable @inline(__always)
  mutating func tryNow(_ count: Int) throws(BytesSendError) -> _WriteTicket? {
    do throws(ClaimError) {
      return unsafe try writer._tryTicket(count)
    } catch {
      switch error {
      case .tooLarge(let limit): throw .tooLarge(limit: limit)
      case .closed, .full: throw .closed  // `full` is nil, never thrown.
      }
    }
  }

  /// Waits in the queue of senders until it is this sender's turn and there is room.
  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func waitForRoom(_ count: Int) async throws(BytesSendError) -> _WriteTicket
  {
    if let error = refusal(of: count) { throw error }
    let place = signals.join()
    defer { leave(place) }
    while true {
      let wait = Wait(for: "claim")
      let isFirst = signals.announce(wait.token, at: place)
      // Announced before the last look: pairs with the fence of those who give room back (`roomFreed`).
      nexus_full_fence()
      if isWorthATry(count, isFirst) {
        wait.giveUp()
      } else if await !wait.suspend() {
        throw .cancelled
      }
      if let ticket = unsafe try tryNow(count, at: place) { return unsafe ticket }
    }
  }

  @usableFromInline @inline(never)
  mutating func parkForRoom(_ count: Int) throws(BytesSendError) -> _WriteTicket {
    if Runtime.isOnThisThread {
      fatalError(
        "NexusChannels: claimBlocking was called on a runtime's thread, which it would block: await claim there"
      )
    }
    // A receiver at work gives room back soon, and a thread that sleeps is slow to wake.
    for _ in 0..<BytesSignals.spins {
      if let ticket = unsafe try tryInTurn(count) { return unsafe ticket }
      for _ in 0..<32 { nexus_spin_hint() }
    }
    if let error = refusal(of: count) { throw error }
    let place = signals.join()
    defer { leave(place) }
    while true {
      let wait = ThreadWait(for: "claimBlocking")
      let isFirst = signals.announce(wait.token, at: place)
      nexus_full_fence()
      if isWorthATry(count, isFirst) {
        wait.giveUp()
      } else {
        _ = wait.park()
      }
      if let ticket = unsafe try tryNow(count, at: place) { return unsafe ticket }
    }
  }

  /// Claims if it is the turn of the sender at `place` and there is room: nil otherwise.
  private mutating func tryNow(_ count: Int, at place: SenderQueue.Place) throws(BytesSendError)
    -> _WriteTicket?
  {
    // Asked first: when the receiver goes it empties the queue, and then nobody is next.
    if writer.isReaderGone { throw .closed }
    return signals.isFirst(place) ? unsafe try tryNow(count) : nil
  }

  /// Leaves the queue, for whatever reason, and hands on: what woke this sender may have been meant for the next too.
  private func leave(_ place: SenderQueue.Place) {
    signals.leave(place)
    // Room that was given back before this left is seen here, because whoever gave it back has been at the queue's lock
    // before; whoever gives some back from now on wakes the next by himself.
    if writer.hasRoom(for: 1) { signals.wakeFirstSender() }
  }

  /// The error for a claim that can never succeed.
  private func refusal(of count: Int) -> BytesSendError? {
    precondition(count > 0, "a record has at least one byte")
    if count > largestRecord { return .tooLarge(limit: largestRecord) }
    return writer.isReaderGone ? .closed : nil
  }

  /// The error for a claim that does not wait while others do.
  @usableFromInline @inline(never)
  func refusalBehindOthers(of count: Int) -> ClaimError {
    switch refusal(of: count) {
    case .tooLarge(let limit): .tooLarge(limit: limit)
    case .closed: .closed
    default: .full
    }
  }

  /// Whether a sender that has just announced its wait should not wait: the receiver is gone, or it is its turn and there
  /// is room.
  private func isWorthATry(_ count: Int, _ isFirst: Bool) -> Bool {
    writer.isReaderGone || (isFirst && writer.hasRoom(for: count))
  }
}

// MARK: Asking

extension BytesSender where Writer: ~Copyable {
  /// The size of the ring in bytes, a power of two.
  @inlinable
  public var capacity: Int { writer.capacity }

  /// The largest record that can be claimed, in payload bytes.
  @inlinable
  public var largestRecord: Int { writer.largestRecord }

  /// Bytes of the ring in use. Out of date as soon as it is known.
  @inlinable
  public var bytesInUse: Int { writer.bytesInUse }

  /// Whether the receiver is gone: every claim throws `closed` from now on.
  @inlinable
  public var isClosed: Bool { writer.isReaderGone }
}
