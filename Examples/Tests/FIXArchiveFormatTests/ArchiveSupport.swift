import FIXWire
import Glibc

@testable import FIXArchiveFormat

/// A directory that goes with its value.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    // In memory where the system has that: a thousand recoveries sync a thousand times.
    let parent = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/fix-archive-test-XXXXXX\0".utf8.map { CChar(bitPattern: $0) })
    path = unsafe template.withUnsafeMutableBufferPointer { buffer in
      precondition(unsafe mkdtemp(buffer.baseAddress!) != nil, "cannot make a directory for the test")
      return unsafe String(cString: buffer.baseAddress!)
    }
  }

  deinit {
    for name in names { unsafe unlink(path + "/" + name) }
    unsafe rmdir(path)
  }

  var names: [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ index: UInt64) -> String { path + "/" + ArchiveLayout.segmentName(index) }

  func write(_ bytes: [UInt8], segment index: UInt64) {
    let file = try! ArchiveFile(opening: file(index), flags: O_RDWR | O_CREAT | O_TRUNC)
    unsafe try! file.write(bytes.span.bytes, at: 0)
  }

  func read(segment index: UInt64) -> [UInt8] {
    let file = try! ArchiveFile(opening: file(index), flags: O_RDONLY)
    let size = try! file.size()
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let rest = unsafe UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        count += unsafe try! file.read(at: count, into: rest)
      }
    }
  }
}

/// A segment in memory, built as a recorder would.
struct SegmentBuilder {
  var encoder: SegmentEncoder
  var bytes: [UInt8] = []
  /// Where each message's record ends.
  var messageEnds: [Int] = []

  init(index: UInt64 = 1, firstMessage: UInt64 = 1, archiveID: UInt64 = 0xA5C1) {
    encoder = SegmentEncoder(
      SegmentHeader(
        archiveID: archiveID, segmentIndex: index, firstMessageNumber: firstMessage, creationTime: 1_000))
    unsafe append(ArchiveLayout.segmentHeaderSize) { $0.encodeHeader(into: $1) }
  }

  private mutating func append(
    _ count: Int, _ body: (inout SegmentEncoder, UnsafeMutableRawBufferPointer) -> Int
  ) {
    // What was in the buffer before must not show.
    var buffer = [UInt8](repeating: 0xEE, count: count + 64)
    let used = unsafe buffer.withUnsafeMutableBytes { unsafe body(&encoder, $0) }
    precondition(used == count, "the encoder uses what it says")
    bytes += buffer[..<used]
    precondition(bytes.count == encoder.offset)
  }

  mutating func add(_ message: [UInt8], time: UInt64) {
    unsafe append(SegmentEncoder.length(ofMessage: message.count)) {
      unsafe $0.encodeMessage(message.span.bytes, time: time, into: $1)
    }
    messageEnds.append(bytes.count)
  }

  mutating func mark(durable: Int) {
    unsafe append(encoder.markLength) { $0.encodeMark(durableOffset: durable, time: 5, into: $1) }
  }

  mutating func seal() { unsafe append(encoder.sealLength) { $0.encodeSeal(time: 9, into: $1) } }
}

/// A message of `length` bytes that no other number gives.
func payload(_ number: Int, length: Int) -> [UInt8] {
  (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number &* 7 &+ 1) }
}

/// All messages of an archive, as far as they can be read.
func contents(_ path: String, windowSize: Int = 8192) throws(ArchiveError) -> [[UInt8]] {
  var messages: [[UInt8]] = []
  var reader = try ArchiveReader(path, isFollowing: false, windowSize: windowSize)
  while try reader.next() {
    messages.append(unsafe reader.payload.withUnsafeBytes { unsafe Array($0) })
  }
  return messages
}

func verification(_ path: String) throws(ArchiveError) -> ArchiveVerification {
  try ArchiveVerification(checking: path, windowSize: 8192)
}

func recover(
  _ path: String, didSync: (String) -> Void = { _ in }
) throws(ArchiveError) -> RecordableArchive {
  try RecordableArchive(recovering: path, windowSize: 8192, didSync: didSync)
}
