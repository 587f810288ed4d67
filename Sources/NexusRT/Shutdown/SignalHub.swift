// What the runtimes of a process have in common about signals: there is one disposition of a signal, and a signal that is
// sent to the process is read once, by whichever of them comes first. So it is told to all.

internal import CNexus
internal import Glibc

/// One runtime's interest in signals, and what it changed about its thread.
final class SignalWatch: Sendable {
  let signals: Signals
  let shutdown: ShutdownHandle
  let thread = nexus_thread_id()
  let descriptor: Int32
  /// Those of them that the thread had not blocked before.
  private let blocked: nexus_signal_set

  /// Blocks the signals in the calling thread and has all other threads pass them on to it.
  init(_ signals: Signals, _ shutdown: ShutdownHandle) throws(RuntimeError) {
    require(
      signals.isSubset(of: .all) && !signals.isEmpty,
      "NexusRT: only SIGINT, SIGTERM and SIGHUP can ask for a shutdown")
    self.signals = signals
    self.shutdown = shutdown
    var blocked: nexus_signal_set = 0
    descriptor = unsafe nexus_signals_open(signals.rawValue, &blocked)
    self.blocked = blocked
    guard descriptor >= 0 else { throw .limitReached(resource: "file descriptors", errno: errno) }
    SignalHub.add(self)
  }

  /// On the same thread.
  func end() {
    SignalHub.remove(self)
    // What came meanwhile and was not read does now what it would have done.
    nexus_signals_unblock(blocked)
    _ = close(descriptor)
  }
}

enum SignalHub {
  private struct State {
    var watches: [SignalWatch] = []
    /// Signals that came once: what they did before is in place again.
    var spent: Signals = []
  }

  private static let state = Guarded(State())

  static func add(_ watch: SignalWatch) {
    state.withLock { state in
      state.watches.append(watch)
      for signal in watch.signals.numbers {
        let code = nexus_signals_pass_on(signal, watch.thread)
        require(code == 0, "NexusRT: sigaction refused signal \(signal): \(describe(errno: code))")
        state.spent.remove(Signals(rawValue: 1 << UInt32(signal)))
      }
    }
  }

  static func remove(_ watch: SignalWatch) {
    state.withLock { state in
      state.watches.removeAll { $0 === watch }
      for signal in watch.signals.subtracting(state.spent).numbers {
        // A signal that is passed on at this moment comes to a thread that lives, or is sent anew.
        if let other = state.watches.last(where: { $0.signals.rawValue & (1 << UInt32(signal)) != 0 }) {
          _ = nexus_signals_pass_on(signal, other.thread)
        } else {
          nexus_signals_stop_passing(signal)
        }
      }
    }
  }

  /// A runtime has read `signal`, on its thread. The first time all that watch for it are asked to end; the second time
  /// it does what it did before.
  static func received(_ signal: Int32) {
    let one = Signals(rawValue: 1 << UInt32(signal))
    let asked = state.withLock { state -> [SignalWatch] in
      if state.spent.contains(one) { return [] }
      state.spent.insert(one)
      nexus_signals_stop_passing(signal)
      return state.watches.filter { $0.signals.contains(one) }
    }
    // The next one is not to wait for somebody to read it.
    nexus_signals_unblock(one.rawValue)
    if asked.isEmpty { nexus_signal_myself(signal) }
    for watch in asked { watch.shutdown.request(signal: signal) }
  }
}
