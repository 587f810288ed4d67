// How a sender of a byte channel waits for room: in a task, on a plain thread, or as one of several things at a time. In the
// queue of senders first of all; the one whose turn it is waits for the ring's head to move.

public import LogBuf
public import NexusRT
internal import Synchronization

extension BytesSender where Writer: ~Copyable {
  // MARK: In a task

  /// All that may suspend: what is inlined where it is used has a single await, which keeps that small.
  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func yieldOrWaitForRoom(
    _ count: Int, until deadline: Deadline?
  ) async throws(BytesClaimError) -> _WriteTicket {
    if Budget.isSpent(by: "claim") {
      // Before it claims, and not between claim and commit: there it would hold back all other senders.
      await yield()
      if let ticket = unsafe try tryInTurn(count) { return unsafe ticket }
    }
    if let error = refusal(of: count) { throw error }
    let place = signals.join()
    defer { signals.leave(place) }
    while true {
      let wait = Wait(for: "claim")
      let token = wait.token
      let outcome: WaitOutcome
      if registerWritable(count, token, at: place) {
        outcome = await wait.suspend(until: deadline)
        withdrawWritable(token)
      } else {
        wait.giveUp()
        outcome = .woken
      }
      if writer.isReaderGone { throw .closed }
      switch outcome {
      case .woken: if let ticket = unsafe try tryNow(count, at: place) { return unsafe ticket }
      case .cancelled: throw .cancelled
      case .timedOut: throw .timedOut
      }
    }
  }

  // MARK: On a thread

  @usableFromInline @inline(never)
  mutating func parkForRoom(_ count: Int, until deadline: Deadline?) throws(BytesClaimError) -> _WriteTicket {
    if Runtime.isOnThisThread {
      fatalError(
        "NexusChannels: claimBlocking was called on a runtime's thread, which it would block: await claim there"
      )
    }
    // A receiver at work gives room back soon, and a thread that sleeps is slow to wake.
    var spin = Spin()
    repeat {
      if let ticket = unsafe try tryInTurn(count) { return unsafe ticket }
    } while spin.pause()
    if let error = refusal(of: count) { throw error }
    let place = signals.join()
    defer { signals.leave(place) }
    while true {
      let wait = ThreadWait(for: "claimBlocking")
      var outcome = WaitOutcome.woken
      let token = wait.token
      if registerWritable(count, token, at: place) {
        outcome = wait.park(until: deadline)
        withdrawWritable(token)
      } else {
        wait.giveUp()
      }
      if let ticket = unsafe try tryNow(count, at: place) { return unsafe ticket }
      if outcome == .timedOut { throw .timedOut }
      // Called to the front before there was room for it: that is on its way.
      if signals.isFirst(place) { spinForRoom(count) }
    }
  }

  private func spinForRoom(_ count: Int) {
    var spin = Spin()
    repeat {
      if writer.hasRoom(for: count) || writer.isReaderGone { return }
    } while spin.pause()
  }

  // MARK: As one of several waits

  /// Registers a wait for the turn of the sender at `place` to claim `count` bytes, for room, or for the receiver's end.
  ///
  /// A place is made by `signals.join()` and given up by `signals.leave(_:)`; in between `tryNow(_:at:)` claims in turn.
  ///
  /// - Returns: false if the sender is to look now: nothing is registered then but its place. If true, `withdrawWritable`
  ///   takes the registration back.
  func registerWritable(_ count: Int, _ token: WakeToken, at place: SenderQueue.Place) -> Bool {
    // Not the first: whoever is before it wakes it.
    guard signals.announce(token, at: place) else { return !writer.isReaderGone }
    // Sound: the word is the ring's, which this end keeps.
    let word = unsafe writer._headWord
    let head = unsafe word.pointee.load(ordering: .acquiring)
    unsafe signals.firstSender.set(token) { announcement in
      unsafe WordWatch(word, while: head, announcingIn: announcement)
    }
    if !writer.isReaderGone && !writer.hasRoom(for: count) { return true }
    withdrawWritable(token)
    return false
  }

  /// Takes a registration back, whether or not it was woken. The place in the queue stays.
  func withdrawWritable(_ token: WakeToken) {
    unsafe signals.firstSender.clear(token, watching: writer._headWord)
  }

  /// Claims if it is the turn of the sender at `place` and there is room: nil otherwise.
  mutating func tryNow(_ count: Int, at place: SenderQueue.Place) throws(BytesClaimError) -> _WriteTicket? {
    // Asked first: when the receiver goes it empties the queue, and then nobody is next.
    if writer.isReaderGone { throw .closed }
    return signals.isFirst(place) ? unsafe try tryNow(count) : nil
  }

  /// The error for a claim that can never succeed.
  private func refusal(of count: Int) -> BytesClaimError? {
    precondition(count > 0, "a record has at least one byte")
    if count > largestRecord { return .tooLarge(limit: largestRecord) }
    return writer.isReaderGone ? .closed : nil
  }

  /// The error for a claim that does not wait while others do.
  @usableFromInline @inline(never)
  func refusalBehindOthers(of count: Int) -> BytesClaimError { refusal(of: count) ?? .full }
}
