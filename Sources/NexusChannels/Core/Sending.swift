// How a send waits for room, or room for a permit: in a task and on a plain thread. The same for every kind of channel.

public import NexusRT

extension _SenderCore {
  // MARK: In a task

  @inlinable @inline(__always)
  nonisolated(nonsending) func send(
    _ value: consuming Element, until deadline: Deadline? = nil
  ) async throws(SendError<Element>) {
    switch offer(value) {
    case .sent:
      if Budget.isSpentSending(by: "send") { await Budget.pause() }
    case .closed(let value): throw .closed(value)
    case .full(let value): try await waitToSend(value, until: deadline)
    }
  }

  @inlinable @inline(never)
  nonisolated(nonsending) func waitToSend(
    _ first: consuming Element, until deadline: Deadline?
  ) async throws(SendError<Element>) {
    var value = first
    while true {
      let wait = Self.isLocal ? Wait(localFor: "send") : Wait(for: "send")
      let token = wait.token
      switch offerOrRegister(value, token, .parked) {
      case .sent:
        wait.giveUp()
        return
      case .closed(let value):
        wait.giveUp()
        throw .closed(value)
      case .lost: fatalError("a send that waits for nothing else lost to something else")
      case .registered(let place):
        let outcome = await wait.suspend(until: deadline)
        // What was taken counts as sent, also if the task was cancelled meanwhile.
        guard let back = withdraw(sender: place, .parked, token) else { return }
        if isClosedForSending {
          if outcome == .woken { trapIfClosedIsAnError() }
          throw .closed(back)
        }
        switch outcome {
        case .woken: value = back
        case .cancelled: throw .cancelled(back)
        case .timedOut: throw .timedOut(back)
        }
      }
    }
  }

  // MARK: On a thread

  @inlinable
  func sendBlocking(_ value: consuming Element, until deadline: Deadline? = nil) throws(SendError<Element>) {
    var value = value
    var spin = Spin()
    var isWorthwhile = true
    repeat {
      if isWorthwhile {
        switch offer(value) {
        case .sent: return
        case .closed(let back): throw .closed(back)
        case .full(let back): value = back
        }
      }
      isWorthwhile = isOfferWorthwhile
    } while spin.pause()
    try parkToSend(value, until: deadline)
  }

  @inlinable @inline(never)
  func parkToSend(_ first: consuming Element, until deadline: Deadline?) throws(SendError<Element>) {
    var value = first
    while true {
      let wait = ThreadWait(for: "sendBlocking")
      let token = wait.token
      switch offerOrRegister(value, token, .parked) {
      case .sent:
        wait.giveUp()
        return
      case .closed(let value):
        wait.giveUp()
        throw .closed(value)
      case .lost: fatalError("a send that waits for nothing else lost to something else")
      case .registered(let place):
        let outcome = wait.park(until: deadline)
        guard let back = withdraw(sender: place, .parked, token) else { return }
        if isClosedForSending {
          if outcome == .woken { trapIfClosedIsAnError() }
          throw .closed(back)
        }
        if outcome == .timedOut { throw .timedOut(back) }
        value = back
      }
    }
  }

  // MARK: Several at a time

  /// Sends all of `values` in order; waits while there is no room. What was not sent comes back in the error.
  ///
  /// As an array and not as a slice: without optimisation Swift 6.3 miscompiles a generic async function whose typed
  /// error is larger than four words but of a size that it knows.
  @inlinable
  nonisolated(nonsending) func send(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) async throws(SendError<[Element]>) {
    var rest = values
    while true {
      rest.removeFirst(offer(contentsOf: rest))
      guard let next = rest.first else { break }
      do throws(SendError<Element>) {
        try await send(next, until: deadline)
      } catch {
        throw error.replacingValue(Array(rest))
      }
      rest.removeFirst()
    }
    if Budget.isSpentSending(by: "send") { await Budget.pause() }
  }

  /// The same on a plain thread.
  @inlinable
  func sendBlocking(
    contentsOf values: ArraySlice<Element>, until deadline: Deadline? = nil
  ) throws(SendError<[Element]>) {
    var rest = values
    while true {
      rest.removeFirst(offer(contentsOf: rest))
      guard let next = rest.first else { return }
      do throws(SendError<Element>) {
        try sendBlocking(next, until: deadline)
      } catch {
        throw error.replacingValue(Array(rest))
      }
      rest.removeFirst()
    }
  }

  // MARK: Room

  @inlinable @inline(__always)
  nonisolated(nonsending) func reserve(until deadline: Deadline?) async throws(ReserveError) {
    switch reserve() {
    case .sent: if Budget.isSpentSending(by: "reserve") { await Budget.pause() }
    case .closed: throw .closed
    case .full: try await waitToReserve(until: deadline)
    }
  }

  @inlinable @inline(never)
  nonisolated(nonsending) func waitToReserve(until deadline: Deadline?) async throws(ReserveError) {
    while true {
      let wait = Self.isLocal ? Wait(localFor: "reserve") : Wait(for: "reserve")
      switch reserveOrRegister(wait.token) {
      case .granted:
        wait.giveUp()
        return
      case .closed:
        wait.giveUp()
        throw .closed
      case .registered(let place):
        let outcome = await wait.suspend(until: deadline)
        if withdraw(reserver: place) { return }
        if isClosedForSending { throw .closed }
        switch outcome {
        case .woken: continue
        case .cancelled: throw .cancelled
        case .timedOut: throw .timedOut
        }
      }
    }
  }

  @inlinable
  func reserveBlocking(until deadline: Deadline?) throws(ReserveError) {
    var spin = Spin()
    repeat {
      switch reserve() {
      case .sent: return
      case .closed: throw .closed
      case .full: break
      }
    } while spin.pause()
    while true {
      let wait = ThreadWait(for: "reserveBlocking")
      switch reserveOrRegister(wait.token) {
      case .granted:
        wait.giveUp()
        return
      case .closed:
        wait.giveUp()
        throw .closed
      case .registered(let place):
        let outcome = wait.park(until: deadline)
        if withdraw(reserver: place) { return }
        if isClosedForSending { throw .closed }
        if outcome == .timedOut { throw .timedOut }
      }
    }
  }
}

extension SendError {
  /// The same reason with another value.
  @inlinable
  func replacingValue<Other>(_ other: Other) -> SendError<Other> {
    switch self {
    case .full: .full(other)
    case .closed: .closed(other)
    case .cancelled: .cancelled(other)
    case .timedOut: .timedOut(other)
    }
  }
}
