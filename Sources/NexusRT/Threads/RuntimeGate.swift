// Keeps other threads from a mailbox once its runtime has ended: it may be another runtime's by then.

internal import CNexus
internal import Synchronization

/// Counts who is inside, and lets nobody in once it is closed. Any thread.
///
/// One word, so that entering and closing have an order: who entered first is waited for, and who comes later sees that it
/// is closed.
struct RuntimeGate: ~Copyable {
  private static let closed: UInt64 = 1 << 63
  private let word = Atomic<UInt64>(0)

  /// Whether nobody gets in any more.
  var isClosed: Bool { word.load(ordering: .acquiring) & RuntimeGate.closed != 0 }

  /// Calls `body` if the gate is open, and has `close` wait until it returns. `body` does not wait for anything.
  ///
  /// - Returns: Whether it was open.
  @inline(__always)
  func pass(_ body: () -> Void) -> Bool {
    var seen = word.load(ordering: .relaxed)
    repeat {
      if seen & RuntimeGate.closed != 0 { return false }
      let (done, now) = word.weakCompareExchange(
        expected: seen, desired: seen + 1, successOrdering: .acquiring, failureOrdering: .acquiring)
      if done { break }
      seen = now
    } while true
    body()
    // Release: what `body` did is done before `close` returns.
    word.subtract(1, ordering: .releasing)
    return true
  }

  /// Lets nobody in any more, and waits for those inside.
  func close() {
    word.bitwiseOr(RuntimeGate.closed, ordering: .acquiringAndReleasing)
    while word.load(ordering: .acquiring) != RuntimeGate.closed { _ = nexus_give_way() }
  }
}
