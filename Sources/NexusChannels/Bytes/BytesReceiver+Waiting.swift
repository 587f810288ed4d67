// How the receiver of a byte channel waits: in a task, on a plain thread, or as one of several things at a time.

public import LogBuf
public import NexusRT
internal import Synchronization

extension BytesReceiver {
  // MARK: In a task

  // Each with all that may suspend: what is inlined where it is used has a single await, which keeps that small.

  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func yieldOrWaitToTake(
    until deadline: Deadline?
  ) async throws(ReceiveError) -> _ReadTicket {
    if Budget.isSpent(by: "receive") { await yield() }
    while true {
      if let ticket = unsafe try takeOrClosed() { return unsafe ticket }
      try await waitForNews(until: deadline)
    }
  }

  @usableFromInline @inline(never)
  nonisolated(nonsending) mutating func yieldOrWaitUntilReady(until deadline: Deadline?)
    async throws(ReceiveError)
  {
    if Budget.isSpent(by: "receiveBatch") { await yield() }
    while try !hasRecordOrClosed() { try await waitForNews(until: deadline) }
  }

  /// Suspends until there is something to look at: a record, a skip, a sender that came or went. May return early.
  nonisolated(nonsending) private mutating func waitForNews(until deadline: Deadline?)
    async throws(ReceiveError)
  {
    let wait = Wait(for: "receive")
    let token = wait.token
    guard registerReadable(token) else {
      wait.giveUp()
      return
    }
    let outcome = await wait.suspend(until: deadline)
    withdrawReadable(token)
    switch outcome {
    case .woken: return
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    }
  }

  // MARK: On a thread

  @usableFromInline @inline(never)
  mutating func parkToTake(until deadline: Deadline?) throws(ReceiveError) -> _ReadTicket {
    var spin = Spin()
    repeat {
      if let ticket = unsafe try takeOrClosed() { return unsafe ticket }
    } while spin.pause()
    while true {
      try parkForNews(until: deadline)
      if let ticket = unsafe try takeOrClosed() { return unsafe ticket }
    }
  }

  @usableFromInline @inline(never)
  mutating func parkUntilReady(until deadline: Deadline?) throws(ReceiveError) {
    var spin = Spin()
    repeat {
      if try hasRecordOrClosed() { return }
    } while spin.pause()
    repeat { try parkForNews(until: deadline) } while try !hasRecordOrClosed()
  }

  private mutating func parkForNews(until deadline: Deadline?) throws(ReceiveError) {
    let wait = ThreadWait(for: "receiveBlocking")
    let token = wait.token
    guard registerReadable(token) else {
      wait.giveUp()
      return
    }
    let outcome = wait.park(until: deadline)
    withdrawReadable(token)
    if outcome == .timedOut { throw .timedOut }
  }

  // MARK: As one of several waits

  /// Registers a wait for something to receive, or for the end of the last sender.
  ///
  /// - Returns: false if there may be something already: nothing is registered then, and the receiver is to look.
  ///   If true, the receiver is not to be used until `withdrawReadable`.
  func registerReadable(_ token: WakeToken) -> Bool {
    // Sound: the words are the ring's, which this end keeps; and the length word is the right one, since the receiver
    // reads nothing while it waits.
    let next = unsafe reader._nextLengthWord
    let ends = unsafe reader._endsWord
    let endsBefore = unsafe ends.pointee.load(ordering: .acquiring)
    if reader.areWritersGone { return false }
    unsafe signals.receiver.set(token) { announcement in
      unsafe WordWatch(next, while: 0, and: ends, while: endsBefore, announcingIn: announcement)
    }
    let isQuiet =
      unsafe next.pointee.load(ordering: .acquiring) == 0
      && ends.pointee.load(ordering: .acquiring) == endsBefore
    if !isQuiet { withdrawReadable(token) }
    return isQuiet
  }

  /// Takes a registration back, whether or not it was woken.
  func withdrawReadable(_ token: WakeToken) {
    // The same word as before: the receiver has read nothing since.
    unsafe signals.receiver.clear(token, watching: reader._nextLengthWord)
  }
}
