// How a receive waits: in a task and on a plain thread. The same for every kind of channel.

public import NexusRT

extension _ReceiverCore {
  // MARK: In a task

  /// The next value; waits while there is none.
  @inlinable @inline(__always)
  nonisolated(nonsending) func receive(
    until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Element {
    switch takeReady() {
    case .value(let value):
      if Budget.isSpent(by: "receive") { await Budget.pause() }
      return value
    case .closed: throw .closed
    case .empty: return try await waitToReceive(until: deadline)
    }
  }

  /// The part of `receive` that registers and suspends, again until there is a value or the wait is over.
  @inlinable @inline(__always)
  nonisolated(nonsending) func waitToReceive(until deadline: Deadline?) async throws(ReceiveError) -> Element
  {
    while true {
      let wait = Self.isLocal ? Wait(localFor: "receive") : Wait(for: "receive")
      let token = wait.token
      switch takeOrRegister(token, .parked) {
      case .value(let value):
        wait.giveUp()
        // Of a sender that waits: there may be any number of them.
        if Budget.isSpent(by: "receive") { await Budget.pause() }
        return value
      case .closed:
        wait.giveUp()
        throw .closed
      case .lost: fatalError("a receive that waits for nothing else lost to something else")
      case .registered(let place):
        let outcome = await wait.suspend(until: deadline)
        // What was handed over counts, also if the task was cancelled meanwhile.
        if let value = withdraw(receiver: place, .parked, token) { return value }
        switch outcome {
        case .woken: continue
        case .cancelled: throw .cancelled
        case .timedOut: throw .timedOut
        }
      }
    }
  }

  // MARK: On a thread

  /// As `receive`, on a plain thread: spins for some microseconds, then parks.
  @inlinable
  func receiveBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> Element {
    switch take() {
    case .value(let value): return value
    case .closed: throw .closed
    case .empty: break
    }
    var spin = Spin()
    while spin.pause() {
      if case .value(let value) = takeReady() { return value }
    }
    return try parkToReceive(until: deadline)
  }

  @inlinable @inline(never)
  func parkToReceive(until deadline: Deadline?) throws(ReceiveError) -> Element {
    while true {
      let wait = ThreadWait(for: "receiveBlocking")
      let token = wait.token
      switch takeOrRegister(token, .parked) {
      case .value(let value):
        wait.giveUp()
        return value
      case .closed:
        wait.giveUp()
        throw .closed
      case .lost: fatalError("a receive that waits for nothing else lost to something else")
      case .registered(let place):
        let outcome = wait.park(until: deadline)
        if let value = withdraw(receiver: place, .parked, token) { return value }
        if outcome == .timedOut { throw .timedOut }
      }
    }
  }

  // MARK: Several at a time

  /// At least one and at most `limit` values, to the end of `buffer`; waits while there is none.
  @inlinable
  nonisolated(nonsending) func receive(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) async throws(ReceiveError) -> Int {
    precondition(limit > 0, "a batch has room for one value at least")
    let count = take(into: &buffer, atMost: limit)
    if count > 0 {
      if Budget.isSpent(by: "receive") { await Budget.pause() }
      return count
    }
    buffer.append(try await waitToReceive(until: deadline))
    return 1 + take(into: &buffer, atMost: limit - 1)
  }

  /// The same on a plain thread.
  @inlinable
  func receiveBlocking(
    into buffer: inout [Element], atMost limit: Int, until deadline: Deadline? = nil
  ) throws(ReceiveError) -> Int {
    precondition(limit > 0, "a batch has room for one value at least")
    let count = take(into: &buffer, atMost: limit)
    if count > 0 { return count }
    buffer.append(try receiveBlocking(until: deadline))
    return 1 + take(into: &buffer, atMost: limit - 1)
  }
}
