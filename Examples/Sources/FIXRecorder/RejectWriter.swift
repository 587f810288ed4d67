internal import NexusChannels
internal import NexusRT

/// Keeps rejects in a file of their own, by one task of the runtime. The file is made with the first reject.
///
/// A file that cannot be written loses its rejects, which is told and counted; the messages go on.
final class RejectWriter {
  /// The file, whether or not there is one yet.
  let path: String
  private let directory: String
  private let note: (String) -> Void
  private var open: OpenFile?
  // Nil while it is being written.
  private var buffer: IOBuffer?
  private var used = 0
  private var fileSize: UInt64 = 0
  private var isBroken = false

  /// Faults seen and their bytes.
  private(set) var rejects = 0
  private(set) var rejectedBytes = 0
  /// Rejected bytes that could not be kept.
  private(set) var lostBytes = 0
  /// Whether the file exists.
  var hasFile: Bool { fileSize > 0 }

  private static let writeSize = 1 << 20

  /// - Parameters:
  ///   - name: the file's name in `directory`, of this run alone.
  ///   - largestRecord: in bytes, header included.
  init(directory: String, name: String, largestRecord: Int, note: @escaping (String) -> Void) {
    self.directory = directory
    path = directory + "/" + name
    buffer = IOBuffer(count: Self.writeSize + largestRecord)
    self.note = note
  }

  /// Keeps what `receiver` gives until its senders are gone, then syncs. Does not fail.
  nonisolated(nonsending) func drain(_ receiver: consuming MPSCBytes.Receiver) async {
    var receiver = receiver
    do {
      while true {
        try await takeBatch(&receiver)
        await write()
        await yield()
      }
    } catch {
      // The senders are gone.
    }
    await close()
  }

  nonisolated(nonsending) private func takeBatch(
    _ receiver: inout MPSCBytes.Receiver
  ) async throws(ReceiveError) {
    var batch = try await receiver.receiveBatch()
    var memory = buffer.take()!
    while used < Self.writeSize, let record = batch.next() {
      unsafe memory.withMemory { memory in
        unsafe record.withUnsafeBytes { source in
          unsafe UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(from: source)
        }
      }
      used += record.byteCount
      rejectedBytes += record.byteCount - RejectRecord.headerSize
      if RejectRecord.countsAsFault(record) { rejects += 1 }
    }
    buffer = consume memory
  }

  nonisolated(nonsending) private func write() async {
    let count = used
    used = 0
    if isBroken {
      lostBytes += count
      return
    }
    let memory = buffer.take()!
    await write(memory, count)
    buffer = consume memory
  }

  nonisolated(nonsending) private func write(_ memory: borrowing IOBuffer, _ count: Int) async {
    do throws(IOError) {
      let open: OpenFile
      if let opened = self.open {
        open = opened
      } else {
        open = OpenFile(try await File.open(path, .write, [.create, .truncate]))
        self.open = open
      }
      try await open.file.writeAll(memory.bytes.extracting(0..<count), at: fileSize)
      fileSize += UInt64(count)
    } catch {
      lostBytes += count
      isBroken = true
      note("rejects are counted but no longer kept: \(error) (\(path))")
    }
  }

  nonisolated(nonsending) private func close() async {
    guard let open else { return }
    do throws(IOError) {
      try await open.file.syncData()
      let folder = try await File.open(directory, .read, .directory)
      try await folder.sync()
    } catch {
      note("the reject file may be incomplete after a crash: \(error) (\(path))")
    }
  }
}

/// A file shared by reference.
private final class OpenFile {
  let file: File
  init(_ file: consuming File) { self.file = file }
}
