// What a runtime has besides its loop: the gates, its shutdown, its statistics, its threads, and what it changed about the
// thread it is on.

internal import CNexus
internal import Synchronization

/// Made before the loop and ended after it; the gates, the shutdown and the statistics live as long as a handle does.
///
/// Unchecked: the variables belong to the runtime's thread.
final class RuntimeServices: @unchecked Sendable {
  /// What handles ask for passes here. Closed when the runtime begins to end.
  let spawnGate = RuntimeGate()
  /// What the Swift runtime enqueues from other threads passes here. Closed when no task is left.
  let jobGate = RuntimeGate()
  let shutdown = ShutdownHandle()
  let statistics = RuntimeStatistics()
  let blocking: BlockingPool
  private var pinning: Pinning?
  private var signals: SignalWatch?

  /// Pins the calling thread and blocks its signals, as configured.
  init(_ configuration: Configuration) throws(RuntimeError) {
    blocking = BlockingPool(configuration.blocking)
    if let cpu = configuration.cpu { pinning = try Pinning(cpu) }
    if !configuration.signals.isEmpty {
      do throws(RuntimeError) {
        try watchSignals(configuration.signals)
      } catch {
        pinning?.restore()
        throw error
      }
    }
  }

  /// Takes signals over, once.
  ///
  /// - Returns: The descriptor to read them from.
  @discardableResult
  func watchSignals(_ wanted: Signals) throws(RuntimeError) -> Int32 {
    require(
      signals == nil,
      "NexusRT: a runtime was told twice which signals ask for its shutdown: name all of them at once")
    let watch = try SignalWatch(wanted, shutdown)
    signals = watch
    return watch.descriptor
  }

  /// The descriptor to read signals from, if any are watched.
  var signalDescriptor: Int32? { signals?.descriptor }

  /// Puts back what was changed about the thread. On it, once the loop's ring is closed.
  func restoreThread() {
    signals?.end()
    signals = nil
    pinning?.restore()
    pinning = nil
  }
}
