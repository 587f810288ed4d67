internal import Histogram

/// Latencies of one kind, in nanoseconds, to three digits. Fixed memory.
public struct LatencyHistogram: Sendable {
  private var histogram = Histogram<UInt64>(
    highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)

  /// Longer latencies count as this: ten minutes.
  private static let longest: UInt64 = 600_000_000_000

  init() {}

  /// Values recorded.
  public var count: Int { Int(histogram.totalCount) }
  /// The largest value, in nanoseconds.
  public var maximum: UInt64 { histogram.maxRecorded }

  /// The value that `percent` of all values do not exceed, in nanoseconds.
  public func percentile(_ percent: Double) -> UInt64 {
    min(histogram.valueAtPercentile(percent), histogram.maxRecorded)
  }

  mutating func record(_ nanoseconds: UInt64) { histogram.record(min(nanoseconds, Self.longest)) }

  mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }
}
