public import FIXWire

/// What a run did. Every byte of the input is in exactly one of the sums of `framing`.
public struct RecorderSummary: Sendable {
  /// Messages and rejects as they were framed.
  public var framing: FramingCounts
  /// What is on the disk: as many messages as were framed.
  public var durable: DurableCount
  /// Segments begun.
  public var segments: Int
  /// From the first byte to the last sync.
  public var elapsed: Duration
  /// The reject file, nil where nothing was rejected.
  public var rejectFile: String?
  /// Rejected bytes, with their headers, that could not be kept.
  public var lostRejectBytes: Int
  /// From the call of the producer to its commit to the ring, for one message in `timedInterval`.
  public var claimToCommit: LatencyHistogram
  /// From the commit to the ring to the completion of the sync, for the same messages.
  public var commitToSynced: LatencyHistogram
  /// One message in this many is timed.
  public var timedInterval: Int
  /// Whether the run was told to stop before its input ended.
  public var wasStopped: Bool
  /// What the input failed with; everything before is recorded.
  public var inputError: RecorderError?
  /// What opening the archive repaired, in words; nil where nothing was to do.
  public var repair: String?
}
