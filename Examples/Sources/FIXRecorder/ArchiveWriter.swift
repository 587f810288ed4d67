internal import FIXArchiveFormat
internal import NexusChannels
internal import NexusRT

/// Puts messages on the disk: the only part that writes segments, used by the tasks of one runtime.
///
/// One buffer is filled with encoded records while earlier ones are written and synced. A full buffer is written as
/// far as it is whole blocks; the rest of its last record moves to the next buffer. When something must be durable
/// before a buffer is full, a mark fills it up to the block boundary, so no byte is written twice.
///
/// The drain task fills buffers, and may have to wait for one: `buffer` is nil then. Timers and completed writes and
/// syncs do what is due in the moments between; what is not possible then is done when the next of them comes by.
/// What they do stands in `ArchiveWriter+Disk.swift`.
final class ArchiveWriter {
  let archive: RecordableArchive
  let sync: RecorderConfiguration.Sync
  let segmentLimit: Int
  let events: RecorderEvents
  let diskProbe: DiskProbe?

  let lanes: WriteLanes
  var segment: ActiveSegment
  var encoder: SegmentEncoder
  /// The buffer being filled, nil while it is waited for, and how much of it is in use.
  var buffer: IOBuffer?
  var used = 0
  /// What of the last record did not fit into whole blocks, for the next buffer.
  var carry = IOBuffer(count: ArchiveLayout.blockSize)

  /// What the run has encoded, and what of that the buffers handed to writes hold whole.
  var recorded = DurableCount()
  var handedOver = DurableCount()
  /// Where in the segment the handed over bytes end.
  var handedOverOffset = ArchiveLayout.segmentHeaderSize
  private var lastMessageLength = 0

  /// Something must be written, or written and synced, although the buffer is not full.
  var isFlushDue = false
  var isSyncDue = false
  /// A sync must cover the segment up to here.
  var syncTarget = 0
  var syncTask: JoinHandle<Void>?

  /// Segments the run has begun.
  var segments = 1
  var samples = SyncSamples()
  /// From the commit to the ring to the completion of the sync.
  var commitToSynced = LatencyHistogram()
  /// What went wrong first; nothing is written after it.
  private(set) var failure: RecorderError?
  /// Called when `failure` is set.
  var didFail: () -> Void = {}

  /// A buffer is handed to the disk when it holds this many bytes.
  static let writeSize = 4 << 20
  /// Three writes in flight, and a buffer to fill.
  private static let laneCount = 4
  /// How many bytes are taken from the ring before the room is given back to the producers.
  private static let batchSize = 128 << 10

  /// How long an empty ring is watched before the thread parks, in nanoseconds.
  static let lookAheadTime: UInt64 = 30_000

  /// Begins the next segment of `archive`.
  nonisolated(nonsending) static func begin(
    _ archive: consuming RecordableArchive, _ configuration: RecorderConfiguration, _ events: RecorderEvents
  ) async throws -> ArchiveWriter {
    // Behind a full buffer there must be room for the rest of one record, and for a mark or the seal.
    let slack =
      SegmentEncoder.length(ofMessage: configuration.maximumMessageLength) + 3 * ArchiveLayout.blockSize
    let lanes = WriteLanes(count: laneCount, size: writeSize + slack)
    var encoder = SegmentEncoder(archive.nextHeader(creationTime: Clock.sinceEpoch()))
    var header = lanes.takeFree()
    let segment: ActiveSegment
    _ = unsafe header.withMemory { encoder.encodeHeader(into: $0) }
    segment = try await ActiveSegment.create(
      encoder.header.segmentIndex, in: archive.directory, header: header, after: DurableCount(),
      probe: configuration.diskProbe)
    lanes.giveBack(header)
    return ArchiveWriter(archive, lanes, segment, encoder, configuration, events)
  }

  private init(
    _ archive: consuming RecordableArchive, _ lanes: WriteLanes, _ segment: ActiveSegment,
    _ encoder: SegmentEncoder, _ configuration: RecorderConfiguration, _ events: RecorderEvents
  ) {
    self.archive = archive
    self.lanes = lanes
    self.segment = segment
    self.encoder = encoder
    self.events = events
    diskProbe = configuration.diskProbe
    sync = configuration.sync
    segmentLimit = configuration.segmentBytes
    buffer = lanes.takeFree()
  }

  /// Begins to listen to the writes' ends; the references make a cycle that `endObserving` breaks.
  func observeWrites() { lanes.didComeBack = { self.doWhatIsDue() } }

  /// Lets go of what refers back to this writer.
  func endObserving() {
    lanes.didComeBack = {}
    didFail = {}
  }

  // MARK: Filling

  /// Encodes records from `batch` until it has no more, the buffer or the segment is full, or a batch's worth is
  /// taken. `settle` must follow. O(bytes taken), no allocation.
  func encode(_ batch: inout BytesBatch) {
    guard var memory = buffer.take() else { preconditionFailure("records come while a buffer is waited for") }
    // Locals, so that the loop works in registers.
    var encoder = self.encoder
    var recorded = self.recorded
    var used = self.used
    var length = lastMessageLength
    let limit = min(Self.writeSize, used + max(0, segmentLimit - encoder.offset), used + Self.batchSize)
    unsafe memory.withMemory { memory in
      while used < limit, let record = batch.next() {
        let prefix = RingRecord(record)
        let message = record.extracting(RingRecord.prefix...)
        length = message.byteCount
        used += encoder.encodeMessage(
          message, time: prefix.receiveTime,
          into: unsafe UnsafeMutableRawBufferPointer(rebasing: memory[used...]))
        recorded.messages += 1
        recorded.bytes += length
        if prefix.commitStamp != 0 {
          samples.add(message: recorded.messages, commitStamp: prefix.commitStamp)
        }
      }
    }
    self.encoder = encoder
    self.recorded = recorded
    self.used = used
    lastMessageLength = length
    buffer = consume memory
  }

  /// Gives the first `count` bytes of the buffer, whole blocks, to a write. The rest belongs to the last record and is
  /// kept for the next buffer, which is to be put in place by `takeBuffer`.
  func handOver(_ count: Int) {
    guard var memory = buffer.take() else { preconditionFailure("there is no buffer to hand over") }
    let rest = used - count
    let start = encoder.offset - used
    unsafe memory.withMemory { memory in
      unsafe carry.withMemory { carry in
        unsafe carry.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[count..<count + rest]))
      }
    }
    handedOver = recorded
    if rest > 0 {
      handedOver.messages -= 1
      handedOver.bytes -= lastMessageLength
    }
    used = rest
    handedOverOffset = start + count
    let end = ActiveSegment.Point(offset: handedOverOffset, count: handedOver)
    let segment = self.segment
    segment.willWrite(to: end)
    lanes.lend(memory) { memory in
      guard self.failure == nil else { return }
      do throws(IOError) {
        try await segment.write(memory.bytes.extracting(0..<count), at: start)
      } catch {
        self.fail(error)
      }
    }
  }

  /// Puts `memory` in place as the buffer to fill, with what was kept for it.
  func place(_ memory: consuming IOBuffer) {
    var memory = memory
    unsafe memory.withMemory { memory in
      unsafe carry.withMemory {
        unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<used]))
      }
    }
    buffer = consume memory
  }

  /// Encodes the end of a batch, a mark or the seal, behind what is in the buffer.
  func encodeEnd(_ encode: (inout SegmentEncoder, UnsafeMutableRawBufferPointer) -> Int) {
    guard var memory = buffer.take() else { preconditionFailure("there is no buffer to end") }
    used += unsafe memory.withMemory { memory in
      unsafe encode(&encoder, UnsafeMutableRawBufferPointer(rebasing: memory[used...]))
    }
    buffer = consume memory
  }

  /// Stops all writing, and says why once.
  func fail(_ error: IOError) {
    guard failure == nil else { return }
    failure = .archive(path: segment.path, reason: error.description)
    didFail()
  }
}
