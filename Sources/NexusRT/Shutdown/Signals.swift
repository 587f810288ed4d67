// Signals that ask for a shutdown.

internal import CNexus
internal import Glibc

/// Signals that ask for a runtime's shutdown, by `Configuration.signals` or `Runtime.watchSignals`.
///
/// The first signal of a kind requests the shutdown of every runtime that watches for it. The second does what it would have
/// done without the runtime: as a rule it ends the process, so that a shutdown that hangs can be ended by hand.
public struct Signals: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// SIGINT: Ctrl-C.
  public static var interrupt: Signals { Signals(rawValue: 1 << UInt32(SIGINT)) }
  /// SIGTERM: what service managers and containers send.
  public static var terminate: Signals { Signals(rawValue: 1 << UInt32(SIGTERM)) }
  /// SIGHUP: the terminal is gone.
  public static var hangUp: Signals { Signals(rawValue: 1 << UInt32(SIGHUP)) }
  /// SIGINT and SIGTERM.
  public static var termination: Signals { [.interrupt, .terminate] }

  static let all: Signals = [.interrupt, .terminate, .hangUp]

  var numbers: [Int32] { (1..<32).filter { rawValue & (1 << UInt32($0)) != 0 } }
}

extension Runtime {
  /// Has signals ask for the runtime's shutdown from now until it ends; `Configuration.signals` does so from its beginning.
  ///
  /// They are read through the runtime's ring, and so come when the loop runs. They are blocked in this thread, and in
  /// those it starts from now on; other threads pass them on. Both, and what the signals did before, is put back when
  /// the runtime ends. Once in a runtime's life. On its thread, outside of `blockOn`.
  ///
  /// - Throws: `RuntimeError.limitReached` if no descriptor is to be had.
  public borrowing func watchSignals(_ signals: Signals) throws(RuntimeError) {
    require(
      unsafe loop.isOnThread && !loop.state.pointee.isRunning,
      "NexusRT: watchSignals is called on the runtime's thread, outside of blockOn")
    let descriptor = try loop.services.watchSignals(signals)
    unsafe loop.state.pointee.reactor.watchSignals(descriptor)
  }
}

extension LoopState {
  /// Signals were read. Nothing of the state is held: those who wait for the shutdown are woken.
  static func takeSignals(_ loop: LoopPointer) {
    let come = unsafe Signals(rawValue: loop.pointee.reactor.signals)
    unsafe loop.pointee.reactor.signals = 0
    for signal in come.numbers { SignalHub.received(signal) }
  }
}
