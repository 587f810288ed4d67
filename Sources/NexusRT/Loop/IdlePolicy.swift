// What the loop does while nothing is ready: wait in the kernel, look for work all the time, or first one and then the
// other.

/// What a runtime does while none of its tasks is ready. `Documentation/Time.md` has what each costs, measured.
///
/// Whichever it is, a wait for a deadline ends earlier by what the kernel usually takes to end it too late, 100 us at most, and
/// the loop looks for work until the deadline comes.
public enum IdlePolicy: Sendable, Equatable {
  /// Waits in the kernel. Where another thread has been at work for this runtime since it last did, or tasks wait for a
  /// channel's other thread, it looks for up to 50 us first, as `adaptive` does, because to park and to be woken can cost as
  /// much. The default.
  case park
  /// Never waits in the kernel: the lowest latency, at the cost of a core.
  case spin
  /// Looks for work for up to `spin`, and then waits in the kernel.
  ///
  /// While that turns out to be of no use it looks ever more rarely, down to every sixteenth time, so that it costs little
  /// where nothing can come of it: where events are further apart, and where what it waits for needs this very core. As soon
  /// as a look finds something it looks every time again. With zero it parks at once.
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
  /// How long a look is, in ns; 0 is none.
  private var lookLength: UInt64 = 0
  /// The waits in the kernel before the next look, and how many there were to be after the last.
  private var waitsBeforeLook = 0
  private var pause = 0
  /// `RuntimeCounters.foreignWakes` when the loop last was about to park.
  private var wakesAtPark: UInt64 = 0
  /// How much earlier than a deadline the kernel is asked to end a wait, in ns: by as much as it has been late of late.
  private(set) var lead: UInt64 = 0

  /// The look of `park`: more than it takes to wake another runtime that is parked and to get its answer.
  private static let usualLook: UInt64 = 50_000
  private static let longestPause = 15
  /// A thread that is woken later than that is kept from its core, which no lead makes up for.
  private static let longestLead: UInt64 = 100_000

  init(_ policy: IdlePolicy) {
    self.policy = policy
    mayPark = true
    set(policy)
  }

  mutating func set(_ policy: IdlePolicy) {
    self.policy = policy
    mayPark = policy != .spin && !isBusyCall
    lookLength =
      switch policy {
      case .park: IdleState.usualLook
      case .adaptive(let spin): spin.clampedNanoseconds
      case .spin: 0
      }
    pause = 0
    waitsBeforeLook = 0
  }

  /// How long to look for work before the loop parks, in ns; 0 is not at all.
  ///
  /// - Parameter isWatching: Whether tasks wait for words that other threads change.
  mutating func look(wakes: UInt64, isWatching: Bool) -> UInt64 {
    let isBusyOutside = isWatching || wakes != wakesAtPark
    wakesAtPark = wakes
    if policy == .park && !isBusyOutside { return 0 }
    if waitsBeforeLook > 0 {
      waitsBeforeLook -= 1
      return 0
    }
    return lookLength
  }

  /// What came of a look.
  mutating func looked(found: Bool) {
    pause = found ? 0 : min(2 * pause + 1, IdleState.longestPause)
    waitsBeforeLook = pause
  }

  /// A wait that nothing but its time has ended was over so late, in ns.
  mutating func woken(late: UInt64) {
    // An eighth of the way each time: a dozen waits find the rule, and one exception does not hide it.
    lead = lead - lead / 8 + min(late, IdleState.longestLead) / 8
  }
}
