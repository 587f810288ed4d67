// How the ends of a broadcast wait: receivers for a value, senders for room.

public import NexusRT

extension BroadcastHub {
  /// For a value at a position, or the end.
  struct ValueGate: Gate {
    let hub: BroadcastHub

    func attempt(_ position: UInt64) -> GateResult? {
      hub.withLock { $0.ledger.tail > position || $0.ledger.senders == 0 } ? .passed : nil
    }

    func enter(_ position: UInt64, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.withLock { state in
        if let place, let step = state.readers.queue.rejoin(token, at: place) { return step }
        if state.ledger.tail > position || state.ledger.senders == 0 { return .passed }
        return .registered(state.readers.queue.append(token, 0, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      let left = hub.withLock { $0.readers.queue.leave(place, staying: staying) }
      // Nothing is handed over here: who was cancelled before the value came is cancelled.
      return staying ? left : .nothing
    }
  }

  /// For a place that is set aside for who passes.
  struct RoomGate: Gate {
    let hub: BroadcastHub

    func attempt(_: Void) -> GateResult? { hub.withLock { RoomGate.reserve(&$0) } }

    static func reserve(_ state: inout State) -> GateResult? {
      if state.ledger.receivers == 0 { return .closed }
      guard state.writers.queue.isEmpty, state.ledger.hasRoom else { return nil }
      state.ledger.reserved += 1
      return .passed
    }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.withLock { state in
        if let place, let step = state.writers.queue.rejoin(token, at: place) { return step }
        switch RoomGate.reserve(&state) {
        case .passed: return .passed
        case .closed: return .closed
        default: return .registered(state.writers.queue.append(token, 0, isFuture: false))
        }
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      hub.withLock { $0.writers.queue.leave(place, staying: staying) }
    }
  }

  @usableFromInline
  nonisolated(nonsending) func waitForValue(at position: UInt64, until deadline: Deadline?) async
    -> GateResult
  {
    await ValueGate(hub: self).wait(position, "receive", until: deadline)
  }

  @usableFromInline
  func waitForValueBlocking(at position: UInt64, until deadline: Deadline?) -> GateResult {
    ValueGate(hub: self).waitBlocking(position, "receiveBlocking", until: deadline)
  }

  @usableFromInline
  nonisolated(nonsending) func waitForRoom(until deadline: Deadline?) async -> GateResult {
    await RoomGate(hub: self).wait((), "send", until: deadline)
  }

  @usableFromInline
  func waitForRoomBlocking(until deadline: Deadline?) -> GateResult {
    RoomGate(hub: self).waitBlocking((), "sendBlocking", until: deadline)
  }
}
