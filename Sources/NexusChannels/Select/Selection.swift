// How a select finds its winner. The same for any number of arms, for tasks and threads.

public import CNexus
public import NexusRT

/// Where a select begins to look.
@frozen
public enum SelectOrder: Sendable {
  /// At an arm chosen at random: of arms that are always ready each wins as often as the others.
  case fair
  /// At the first: an earlier arm wins over a later one if both are ready.
  case listed
}

@usableFromInline
enum Selection {
  /// Which arm is looked at in the `step`th place.
  @inlinable @inline(__always)
  static func index(_ step: Int, from start: Int, of count: Int) -> Int {
    let index = start + step
    return index < count ? index : index - count
  }

  @inlinable @inline(__always)
  static func start(_ order: SelectOrder, of count: Int) -> Int {
    order == .fair ? Int(nexus_random_below(UInt32(count))) : 0
  }

  /// Performs the first arm that is possible now.
  @inlinable @inline(__always)
  static func attempt<Arms: ArmList & ~Copyable & ~Escapable>(
    _ arms: inout Arms, _ order: SelectOrder
  ) -> Arms.Outcome? {
    let start = start(order, of: Arms.count)
    for step in 0..<Arms.count {
      if let outcome = arms.attempt(index(step, from: start, of: Arms.count)) { return outcome }
    }
    return nil
  }

  /// As `attempt`; that nothing was possible held for all arms at one moment.
  @inlinable
  static func attemptAtOnce<Arms: ArmList & ~Copyable & ~Escapable>(
    _ arms: inout Arms, _ order: SelectOrder
  ) -> Arms.Outcome? {
    while true {
      // If no version changed while the arms were looked at one after the other, they all were as they were seen at the
      // moment between the two readings (a double collect: Y. Afek et al., "Atomic Snapshots of Shared Memory", 1993).
      let before = arms.version
      if let outcome = attempt(&arms, order) { return outcome }
      if arms.version == before { return nil }
    }
  }

  /// Registers all arms. The winner's outcome, if there is one already; `isOver` also if some arm lost, and then the select
  /// is to look again.
  @inlinable
  static func register<Arms: ArmList & ~Copyable & ~Escapable>(
    _ arms: inout Arms, _ token: WakeToken, _ order: SelectOrder
  ) -> (isOver: Bool, outcome: Arms.Outcome?) {
    let start = start(order, of: Arms.count)
    for step in 0..<Arms.count {
      switch arms.register(index(step, from: start, of: Arms.count), token) {
      case .won(let outcome): return (true, outcome)
      case .lost: return (true, nil)
      case .registered: continue
      }
    }
    return (false, nil)
  }

  /// Waits in a task until an arm has won.
  @inlinable
  nonisolated(nonsending) static func run<Arms: ArmList & ~Copyable & ~Escapable>(
    _ arms: inout Arms, _ order: SelectOrder
  ) async throws(CancellationError) -> Arms.Outcome {
    if let outcome = attempt(&arms, order) {
      if Budget.isSpent(by: "select") { await Budget.pause() }
      return outcome
    }
    while true {
      let wait = Wait(for: "select")
      let (isOver, winner) = register(&arms, wait.token, order)
      var ending = WaitOutcome.woken
      if isOver {
        wait.giveUp()
      } else {
        ending = await wait.suspend(until: arms.deadline)
      }
      // Nothing of this select is registered anywhere after this line.
      let handed = arms.withdrawAll()
      if let outcome = winner ?? handed { return outcome }
      if ending == .cancelled { throw CancellationError() }
      if let outcome = attempt(&arms, order) { return outcome }
    }
  }

  /// The same on a plain thread.
  @inlinable
  static func runBlocking<Arms: ArmList & ~Copyable & ~Escapable>(
    _ arms: inout Arms, _ order: SelectOrder
  ) -> Arms.Outcome {
    var spin = Spin()
    repeat {
      if let outcome = attempt(&arms, order) { return outcome }
    } while spin.pause()
    while true {
      let wait = ThreadWait(for: "selectBlocking")
      let (isOver, winner) = register(&arms, wait.token, order)
      if isOver {
        wait.giveUp()
      } else {
        _ = wait.park(until: arms.deadline)
      }
      let handed = arms.withdrawAll()
      if let outcome = winner ?? handed { return outcome }
      if let outcome = attempt(&arms, order) { return outcome }
    }
  }
}
