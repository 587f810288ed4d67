/// The timed messages that are in the archive but not yet synced, in order.
///
/// Fixed memory: with more than `capacity` of them between two syncs the further ones are not timed.
struct SyncSamples {
  private struct Sample {
    var message = 0
    var commitStamp: UInt64 = 0
  }

  private static let capacity = 1 << 16
  private var samples = [Sample](repeating: Sample(), count: Self.capacity)
  private var first = 0
  private var count = 0

  /// Notes that the message with this number in the run was committed at `stamp`. O(1).
  mutating func add(message: Int, commitStamp stamp: UInt64) {
    guard count < Self.capacity else { return }
    samples[(first + count) % Self.capacity] = Sample(message: message, commitStamp: stamp)
    count += 1
  }

  /// Takes out every sample up to the message with number `last`, all synced at `now`. O(samples taken).
  mutating func settle(upTo last: Int, now: UInt64, into histogram: inout LatencyHistogram) {
    while count > 0, samples[first].message <= last {
      histogram.record(now &- samples[first].commitStamp)
      first = (first + 1) % Self.capacity
      count -= 1
    }
  }
}
