internal import FIXWire
internal import Synchronization

/// What the producers found, each adding its part when it ends, and the word to stop that they heed.
final class RunResults: Sendable {
  struct Sums: Sendable {
    var framing = FramingCounts()
    var claimToCommit = LatencyHistogram()
    var inputError: RecorderError?
  }

  private let state = Mutex(Sums())
  private let stopping = Atomic(false)

  var sums: Sums { state.withLock { $0 } }

  /// Adds a producer's part. Before the producer lets its sender go, so that the sums are whole when the ring closes.
  func add(framing: FramingCounts, error: RecorderError? = nil) {
    state.withLock {
      $0.framing.add(framing)
      if $0.inputError == nil { $0.inputError = error }
    }
  }

  /// Notes that the run's only input failed.
  func add(error: RecorderError) {
    state.withLock { $0.inputError = error }
  }

  func add(claimToCommit: LatencyHistogram) {
    state.withLock { $0.claimToCommit.add(claimToCommit) }
  }

  /// Whether the input is to be left where it is.
  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  func stop() { stopping.store(true, ordering: .relaxed) }
}
