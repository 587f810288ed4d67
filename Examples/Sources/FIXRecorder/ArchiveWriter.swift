internal import FIXArchiveFormat
internal import NexusRT

/// Puts messages on the disk: the only part that writes segments, used by tasks of one runtime.
///
/// One buffer is filled with encoded records while earlier ones are written and synced. A full buffer is written as
/// far as it is whole blocks; the rest of its last record moves to the next buffer. When something must be durable
/// before a buffer is full, a mark fills it up to the block boundary, so no byte is written twice.
///
/// The drain task fills buffers and may wait for one (`buffer` is nil then). Timers and completed writes or syncs
/// use the moments in between; what they find not possible is done when the next of them comes by.
final class ArchiveWriter {
  private let archive: RecordableArchive
  private let sync: RecorderConfiguration.Sync
  private let segmentLimit: Int
  private let events: RecorderEvents

  private let lanes: WriteLanes
  private(set) var segment: ActiveSegment
  private var encoder: SegmentEncoder
  // The buffer being filled, its bytes in use, and its place in the segment.
  private var buffer: IOBuffer?
  private var used = 0
  // What of the encoded records the buffers handed to writes hold whole.
  private var handedOver = DurableCount()

  /// What the run has encoded.
  private(set) var recorded = DurableCount()
  /// Segments the run has begun.
  private(set) var segments = 1
  private var syncIsDue = false
  private var flushIsDue = false
  private var samples = SyncSamples()
  /// From the commit to the ring to the completion of the sync.
  private(set) var commitToSynced = LatencyHistogram()

  /// What went wrong first. Nothing is written after it.
  private(set) var failure: RecorderError?
  /// Called once, when `failure` is set.
  var didFail: () -> Void = {}

  /// A buffer is handed to the disk when it holds this many bytes.
  private static let writeSize = 4 << 20
  /// Three writes in flight, and a buffer to fill.
  private static let laneCount = 4
  /// How many bytes are taken from the ring before the room is given back to the producers.
  private static let batchSize = 128 << 10

  /// Begins the next segment of `archive`.
  nonisolated(nonsending) static func begin(
    _ archive: consuming RecordableArchive, _ configuration: RecorderConfiguration, _ events: RecorderEvents
  ) async throws -> ArchiveWriter {
    // Behind a full buffer there must be room for one more record, and a mark or the seal.
    let slack = SegmentEncoder.length(ofMessage: configuration.maximumMessageLength) + 3 * ArchiveLayout.blockSize
    let lanes = WriteLanes(count: laneCount, size: writeSize + (slack + 4095) / 4096 * 4096)
    var buffer = lanes.takeFree()
    var encoder = SegmentEncoder(archive.nextHeader(creationTime: Clock.sinceEpoch()))
    _ = encoder.encodeHeader(into: &buffer)
    let segment = try await ActiveSegment.create(
      encoder.header.segmentIndex, in: archive.directory, header: buffer, after: DurableCount())
    lanes.giveBack(buffer)
    return ArchiveWriter(archive, lanes, segment, encoder, configuration, events)
  }

  private init(
    _ archive: consuming RecordableArchive, _ lanes: WriteLanes, _ segment: ActiveSegment, _ encoder: SegmentEncoder,
    _ configuration: RecorderConfiguration, _ events: RecorderEvents
  ) {
    self.archive = archive
    self.lanes = lanes
    self.segment = segment
    self.encoder = encoder
    self.events = events
    sync = configuration.sync
    segmentLimit = configuration.segmentBytes
    buffer = lanes.takeFree()
  }

  // MARK: Filling

  /// Encodes records from `next` until it has no more, the buffer or the segment is full, or a batch's worth is
  /// taken. `makeRoom` must follow.
  func encode(_ next: () -> RawSpan?) { }
}
