import FIXArchiveFormat
import FIXWire
import Glibc

/// An archive of the benchmark's input, in memory where the system has that, so that the format is measured and
/// not the disk.
@safe
final class Archive {
  private let input: UnsafeRawBufferPointer
  private let lengths: [Int]
  private let buffer: UnsafeMutableRawBufferPointer
  private let path: String
  private let segments: UInt64
  private var nextNumber: UInt64 = 1

  private static let messagesPerSegment = 1_000_000

  init(of input: UnsafeRawBufferPointer, segments: UInt64) throws {
    unsafe self.input = input
    self.segments = segments
    var framer = FIXFramer()
    var lengths: [Int] = []
    var offset = 0
    let bytes = unsafe RawSpan(_unsafeBytes: input)
    while case .message(let length) = framer.next(in: bytes, at: offset, isFinal: true) {
      lengths.append(length)
      offset += length
    }
    self.lengths = lengths
    unsafe buffer = .allocate(byteCount: 1 << 19, alignment: ArchiveLayout.blockSize)
    path = (unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/fix-bench-\(getpid())"
    _ = unsafe mkdir(path, 0o755)
    for index in 1...segments { try write(segment: index) }
  }

  func remove() {
    for index in 1...segments { unsafe unlink(file(index)) }
    unsafe rmdir(path)
    unsafe buffer.deallocate()
  }

  private func file(_ index: UInt64) -> String { path + "/" + ArchiveLayout.segmentName(index) }

  private func encoder(_ index: UInt64) -> SegmentEncoder {
    SegmentEncoder(
      SegmentHeader(archiveID: 7, segmentIndex: index, firstMessageNumber: nextNumber, creationTime: 1))
  }

  /// Encodes the input's messages over and over, each at the place behind the one before.
  func encode() -> Int { unsafe encode(encoder(1), write: { _ in }).messages }

  private func write(segment index: UInt64) throws {
    let file = unsafe open(file(index), O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(file) }
    let encoder = unsafe encode(encoder(index)) { bytes in
      precondition(unsafe Glibc.write(file, bytes.baseAddress, bytes.count) == bytes.count, "cannot write")
    }
    nextNumber = encoder.nextMessageNumber
  }

  private func encode(
    _ start: SegmentEncoder, write: (UnsafeRawBufferPointer) -> Void
  ) -> SegmentEncoder {
    var encoder = start
    var used = encoder.encodeHeader(into: unsafe buffer)
    while encoder.messages < Self.messagesPerSegment {
      var offset = 0
      for length in lengths {
        if unsafe buffer.count - used < 16_384 {
          unsafe write(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
          used = 0
        }
        let message = unsafe RawSpan(
          _unsafeBytes: UnsafeRawBufferPointer(rebasing: input[offset..<offset + length]))
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[used...])
        used += encoder.encodeMessage(message, time: 5, into: rest)
        offset += length
      }
    }
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[used...])
    used += encoder.encodeSeal(time: 5, into: rest)
    unsafe write(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
    return encoder
  }

  func read() throws -> Int {
    var reader = try ArchiveReader(path)
    var bytes = 0
    while try reader.next() { bytes += reader.payload.byteCount }
    return Int(reader.messages)
  }

  func verify() throws -> Int {
    let found = try ArchiveVerification(checking: path)
    precondition(found.isSound)
    return Int(found.messages)
  }
}
