internal import FIXArchiveFormat
internal import Glibc
internal import NexusRT

/// The file of the segment that is being written, and how far it is on the disk.
///
/// Writes go on at increasing offsets, several at a time, and may complete in any order. A sync covers what was
/// written in one piece from the start when it began: only that may be called durable.
///
/// The file grows with its writes. To give it its blocks beforehand was measured and gained nothing here.
final class ActiveSegment {
  /// A place in the segment and what the run had recorded up to there.
  struct Point {
    var offset = 0
    var count = DurableCount()
  }

  let path: String
  private let file: File
  /// Where a completed sync reaches.
  private(set) var durable: Point
  // The end of the bytes that are written without a gap, and the writes behind it in order.
  private var written: Point
  private var writes: [(end: Point, isDone: Bool)] = []
  /// Whether a sync is under way, or about to begin.
  var isSyncing = false
  private let probe: DiskProbe?

  private init(_ file: consuming File, path: String, start: Point, probe: DiskProbe?) {
    self.file = file
    self.path = path
    self.probe = probe
    durable = start
    written = start
  }

  /// Creates the file, writes the header block, and syncs the file and the directory.
  ///
  /// - Parameters:
  ///   - header: the buffer whose first block is the header.
  ///   - count: what the run has recorded before this segment.
  ///   - probe: is told every step that follows.
  nonisolated(nonsending) static func create(
    _ index: UInt64, in directory: String, header: borrowing IOBuffer, after count: DurableCount,
    probe: DiskProbe?
  ) async throws -> ActiveSegment {
    let path = directory + "/" + ArchiveLayout.segmentName(index)
    do {
      let file = try await open(path)
      let block = header.bytes.extracting(0..<ArchiveLayout.segmentHeaderSize)
      do throws(IOError) {
        try await file.writeAll(block, at: 0)
      } catch {
        // A disk of larger blocks takes the open and refuses the write: go through the page cache then.
        guard error.code == EINVAL, fcntl(file.descriptor, F_SETFL, 0) == 0 else { throw error }
        try await file.writeAll(block, at: 0)
      }
      try await file.sync()
      try await syncDirectory(directory)
      return ActiveSegment(
        file, path: path, start: Point(offset: ArchiveLayout.segmentHeaderSize, count: count), probe: probe)
    } catch let error as IOError {
      throw RecorderError.archive(path: path, reason: error.description)
    }
  }

  /// Past the page cache where the file system can.
  private nonisolated(nonsending) static func open(_ path: String) async throws(IOError) -> File {
    do throws(IOError) {
      return try await File.open(path, .write, [.create, .exclusive, .direct])
    } catch {
      guard error.code == EINVAL else { throw error }
      // The refused open may have made the file.
      return try await File.open(path, .write, [.create])
    }
  }

  private nonisolated(nonsending) static func syncDirectory(_ path: String) async throws(IOError) {
    let directory = try await File.open(path, .read, .directory)
    try await directory.sync()
  }

  // MARK: Writing

  /// Notes a write that is about to begin and ends at `end`. O(writes in flight).
  func willWrite(to end: Point) {
    writes.append((end, false))
  }

  /// Writes `bytes` at `start`; `willWrite` told that they come.
  nonisolated(nonsending) func write(_ bytes: RawSpan, at start: Int) async throws(IOError) {
    let range = start..<start + bytes.byteCount
    try await probe?(.willWrite(path: path, range))
    try await file.writeAll(bytes, at: UInt64(start))
    didWrite(to: range.upperBound)
    try await probe?(.didWrite(path: path, range))
  }

  /// Notes that the write that ends at `end` has completed. O(writes in flight).
  private func didWrite(to end: Int) {
    for index in writes.indices where writes[index].end.offset == end { writes[index].isDone = true }
    while let first = writes.first, first.isDone {
      written = first.end
      writes.removeFirst()
    }
  }

  /// Whether all writes that began up to `offset` have completed.
  func isWritten(upTo offset: Int) -> Bool { written.offset >= offset }

  /// Makes what is written durable.
  nonisolated(nonsending) func sync() async throws(IOError) {
    let point = written
    try await probe?(.willSync(path: path))
    try await file.syncData()
    durable = point
    try await probe?(.didSync(path: path))
  }

  /// Ends the segment, whose last write, with the seal in it, has completed: makes all of the file durable.
  nonisolated(nonsending) func close() async throws(IOError) {
    precondition(writes.isEmpty && !isSyncing, "a segment is closed when nothing of it is in flight")
    try await probe?(.willSync(path: path))
    try await file.sync()
    durable = written
    try await probe?(.didSync(path: path))
  }
}
