// What the loop does while nothing is ready: wait in the kernel, look for work all the time, or first one and then the
// other.

/// What a runtime does while none of its tasks is ready. `Documentation/Time.md` has what each costs, measured.
public enum IdlePolicy: Sendable, Equatable {
  /// Waits in the kernel. Where another thread has been at work for this runtime since it last did, or tasks wait for a
  /// channel's other thread, it looks for some 20 us first, because to park and to be woken costs more. The default.
  case park
  /// Never waits in the kernel: the lowest latency, at the cost of a core.
  case spin
  /// Looks for work for up to `spin`, and then waits in the kernel.
  ///
  /// While that turns out to be of no use it looks for less and less time, down to a sixteenth. As soon as a look finds
  /// something, or a wait in the kernel ends within `spin`, it looks for all of it again. With zero it parks at once.
  case adaptive(spin: Duration)
}

extension Runtime {
  /// What the loop does while nothing is ready; from the next time on that it is so. `blockOnBusy` spins whatever this is.
  public var idlePolicy: IdlePolicy {
    get { unsafe loop.state.pointee.idle.policy }
    nonmutating set {
      require(
        loop.isOnThread, "NexusRT: idlePolicy was set on a thread that is not the runtime's: set it there")
      unsafe loop.state.pointee.idle.set(newValue)
    }
  }
}

/// What the current task's runtime does while nothing is ready. Traps outside a runtime.
public func idlePolicy() -> IdlePolicy {
  unsafe LoopState.current(for: "idlePolicy()").pointee.idle.policy
}

/// Has the current task's runtime do something else while nothing is ready: say, spin while a market is open. O(1).
/// Traps outside a runtime.
public func setIdlePolicy(_ policy: IdlePolicy) {
  unsafe LoopState.current(for: "setIdlePolicy").pointee.idle.set(policy)
}

/// The decisions of an idle loop. Belongs to the loop's thread.
struct IdleState {
  private(set) var policy: IdlePolicy
  /// Whether the loop may wait in the kernel at all.
  private(set) var mayPark: Bool
  /// Whether a `blockOnBusy` runs, during which it may not.
  var isBusyCall = false {
    didSet { mayPark = policy != .spin && !isBusyCall }
  }
  /// Of `adaptive`: the longest look, and how long the next one is, in ns.
  private var longestLook: UInt64 = 0
  private var nextLook: UInt64 = 0
  /// `RuntimeCounters.foreignWakes` when the loop last was about to park.
  private var wakesAtPark: UInt64 = 0

  /// The look of `park`: fence, park and wake cost more than half of it.
  private static let usualLook: UInt64 = 20_000

  init(_ policy: IdlePolicy) {
    self.policy = policy
    mayPark = true
    set(policy)
  }

  mutating func set(_ policy: IdlePolicy) {
    self.policy = policy
    mayPark = policy != .spin && !isBusyCall
    if case .adaptive(let spin) = policy {
      longestLook = spin.clampedNanoseconds
      nextLook = longestLook
    }
  }

  /// Whether the length of a wait in the kernel is of interest.
  var measuresParks: Bool { longestLook > 0 && policy != .park }

  /// How long to look for work before the loop parks, in ns; 0 is not at all.
  ///
  /// - Parameter isWatching: Whether tasks wait for words that other threads change.
  mutating func look(wakes: UInt64, isWatching: Bool) -> UInt64 {
    let isBusyOutside = isWatching || wakes != wakesAtPark
    wakesAtPark = wakes
    return switch policy {
    case .park: isBusyOutside ? IdleState.usualLook : 0
    case .adaptive: nextLook
    case .spin: 0
    }
  }

  /// What came of a look.
  mutating func looked(found: Bool) {
    nextLook = found ? longestLook : max(nextLook / 2, longestLook / 16)
  }

  /// A wait in the kernel has ended after so many ns.
  mutating func parked(for nanoseconds: UInt64) {
    if nanoseconds < longestLook { nextLook = longestLook }
  }
}
