// How the handles of one side of a channel are counted.

public import Synchronization

extension Atomic where Value == Int {
  /// One more, unless there is none: a side that was left by all stays so.
  ///
  /// Relaxed, as for any new reference made from another: what it is to see, the other has seen.
  @inlinable
  borrowing func addIfAny() -> Bool {
    var seen = load(ordering: .relaxed)
    while seen > 0 {
      let (done, now) = compareExchange(expected: seen, desired: seen + 1, ordering: .relaxed)
      if done { return true }
      seen = now
    }
    return false
  }
}
