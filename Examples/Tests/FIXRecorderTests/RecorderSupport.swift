import FIXArchiveFormat
import FIXWire
import Glibc
import Synchronization

@testable import FIXRecorder

/// A directory that goes with its value, on a file system of the disk: direct I/O is what is tested.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/fix-recorder-test-XXXXXX\0".utf8.map { CChar(bitPattern: $0) })
    precondition(unsafe mkdtemp(&template) != nil, "cannot make a directory for the test")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    guard let directory = unsafe opendir(path) else { return }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      if unsafe unlink(path + "/" + name) != 0 { remove(path + "/" + name) }
    }
    unsafe closedir(directory)
    unsafe rmdir(path)
  }

  var archive: String { path + "/archive" }

  /// Writes an input file and returns its path.
  func input(_ bytes: [UInt8]) -> String {
    let path = self.path + "/input"
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    write(bytes, to: file)
    return path
  }
}

/// Runs a recorder on a thread of its own: a thread has one runtime, and the test's thread is the pool's.
struct RunningRecorder {
  private let result = BlockingQueue<Result<RecorderSummary, any Error>>()
  private let ports = BlockingQueue<UInt16>()
  private let syncs = Shared<[DurableCount]>([])
  private let ended = Shared(false)

  /// - Parameter whenListening: runs on the recorder's thread, before anything is accepted.
  init(
    _ configuration: RecorderConfiguration, whenListening: @escaping @Sendable (UInt16) -> Void = { _ in }
  ) {
    let (result, ports, syncs, ended) = (result, ports, syncs, ended)
    try! PlainThread.start(configuration) { configuration in
      var events = RecorderEvents()
      events.isListening = {
        whenListening($0)
        ports.put($0)
      }
      events.didSync = { count in syncs.change { $0.append(count) } }
      let configuration = configuration
      let outcome = Result { try Recorder.run(configuration, events: events) }
      ended.change { $0 = true }
      result.put(outcome)
    }
  }

  /// The port it listens on, once it does.
  func port() -> UInt16 { ports.take() }

  /// Waits for the end.
  func finish() throws -> RecorderSummary { try result.take().get() }

  /// Whether it ends before a patient time is over.
  func endsInTime() -> Bool { eventually { ended.value } }

  /// What was reported after each sync, so far.
  var reportedSyncs: [DurableCount] { syncs.value }
}

/// Whether `condition` comes true within ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<1000 {
    if condition() { return true }
    usleep(10_000)
  }
  return condition()
}

/// A value that several threads use.
final class Shared<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>
  init(_ value: Value) { mutex = Mutex(value) }
  var value: Value { mutex.withLock { $0 } }
  func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

func record(_ configuration: RecorderConfiguration) throws -> RecorderSummary {
  try RunningRecorder(configuration).finish()
}

/// A pipe's two ends.
struct Pipe {
  let readEnd: Int32
  let writeEnd: Int32

  init() {
    var ends: [Int32] = [0, 0]
    precondition(unsafe pipe(&ends) == 0, "cannot make a pipe")
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
}

/// Writes all of `bytes`.
func write(_ bytes: [UInt8], to file: Int32) {
  var done = 0
  while done < bytes.count {
    let count = unsafe bytes[done...].withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
    precondition(count > 0, "cannot write")
    done += count
  }
}

/// A connection to this machine's `port`.
func connect(to port: UInt16) -> Int32 {
  let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let status = unsafe withUnsafeBytes(of: &address) { bytes in
    unsafe Glibc.connect(
      connection, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
  }
  precondition(status == 0, "cannot connect")
  return connection
}

/// `count` generated messages.
func traffic(_ count: Int, seed: UInt64 = 1, profile: FIXGenerator.Profile = .mixed) -> [[UInt8]] {
  var generator = FIXGenerator(seed: seed, profile: profile)
  var room = [UInt8](repeating: 0, count: FIXGenerator.maximumMessageLength)
  return (0..<count).map { _ in
    let length = unsafe room.withUnsafeMutableBytes { unsafe generator.fill($0, limit: 1).bytes }
    return Array(room[..<length])
  }
}

/// All messages of an archive, in order.
func messages(of directory: String) throws -> [[UInt8]] {
  var reader = try ArchiveReader(directory)
  var messages: [[UInt8]] = []
  while try reader.next() { messages.append(unsafe reader.payload.withUnsafeBytes { unsafe Array($0) }) }
  return messages
}

/// All bytes of a file.
func contents(_ path: String) -> [UInt8] {
  let file = unsafe open(path, O_RDONLY)
  precondition(file >= 0, "cannot open \(path)")
  defer { close(file) }
  var bytes: [UInt8] = []
  var room = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = unsafe read(file, &room, room.count), count > 0 { bytes += room[..<count] }
  return bytes
}
