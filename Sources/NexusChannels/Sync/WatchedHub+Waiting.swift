// How the ends of a watch wait: receivers for a change, senders for the last receiver to go.

public import NexusRT
internal import Synchronization

extension WatchedHub {
  /// For a version other than the one seen.
  struct ChangeGate: Gate {
    let hub: WatchedHub

    func attempt(_ seen: UInt64) -> GateResult? {
      let now = hub.version.load(ordering: .acquiring)
      if now & ~1 != seen { return .passed }
      return now & 1 != 0 ? .closed : nil
    }

    func enter(_ seen: UInt64, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.state.withLock { state in
        // Whoever changes anything settles all: the version alone decides.
        if let place, case .registered(let place)? = state.changes.queue.rejoin(token, at: place) {
          return .registered(place)
        }
        switch attempt(seen) {
        case .passed: return .passed
        case .closed: return .closed
        default: return .registered(state.changes.queue.append(token, 0, isFuture: false))
        }
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      let left = hub.state.withLock { $0.changes.queue.leave(place, staying: staying) }
      // Nothing is handed over here: who was cancelled before the change is cancelled.
      return staying ? left : .nothing
    }
  }

  /// For the receivers to be gone.
  struct DepartureGate: Gate {
    let hub: WatchedHub

    func attempt(_: Void) -> GateResult? { hub.receiverCount == 0 ? .passed : nil }

    func enter(_: Void, _ token: WakeToken, at place: GatePlace?) -> GateStep {
      hub.state.withLock { state in
        if let place, let step = state.departures.queue.rejoin(token, at: place) { return step }
        if state.receivers == 0 { return .passed }
        return .registered(state.departures.queue.append(token, 0, isFuture: false))
      }
    }

    func leave(_ place: GatePlace, staying: Bool) -> GateLeft {
      hub.state.withLock { $0.departures.queue.leave(place, staying: staying) }
    }
  }

  @usableFromInline
  nonisolated(nonsending) func waitForChange(of seen: UInt64, until deadline: Deadline?) async -> GateResult {
    let gate = ChangeGate(hub: self)
    // Settled without a version: the senders are gone.
    return await gate.wait(seen, "changed", until: deadline).looking(gate.attempt(seen))
  }

  @usableFromInline
  func waitForChangeBlocking(of seen: UInt64, until deadline: Deadline?) -> GateResult {
    let gate = ChangeGate(hub: self)
    return gate.waitBlocking(seen, "changedBlocking", until: deadline).looking(gate.attempt(seen))
  }

  @usableFromInline
  nonisolated(nonsending) func waitForNoReceiver(until deadline: Deadline?) async -> GateResult {
    await DepartureGate(hub: self).wait((), "closed", until: deadline)
  }

  @usableFromInline
  func waitForNoReceiverBlocking(until deadline: Deadline?) -> GateResult {
    DepartureGate(hub: self).waitBlocking((), "closedBlocking", until: deadline)
  }
}

extension GateResult {
  /// What a waiter that was let in finds when it looks itself.
  func looking(_ found: @autoclosure () -> GateResult?) -> GateResult {
    self == .passed ? found() ?? .passed : self
  }
}
