internal import ArgumentParser
internal import Glibc

/// Bytes on their way to a file descriptor, in large writes.
///
/// A reader that goes away (`fix-archive cat DIR | head`) ends the program quietly, with the exit code 0: it has
/// what it wanted.
@safe
struct BulkOutput: ~Copyable {
  private let descriptor: Int32
  private let name: String
  private let memory: UnsafeMutableRawBufferPointer
  private var count = 0
  private let isOwned: Bool

  /// The size of a write, in bytes.
  private static let capacity = 1 << 20

  /// Output to the file at `path`, which is replaced, or to standard output for `-`.
  init(_ path: String) throws {
    if path == "-" {
      descriptor = STDOUT_FILENO
      name = "standard output"
      isOwned = false
      // Else the write to a pipe without a reader would kill the program before it can end in order.
      _ = signal(SIGPIPE, SIG_IGN)
    } else {
      descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      name = path
      isOwned = true
    }
    unsafe memory = .allocate(byteCount: Self.capacity, alignment: 4096)
    if descriptor < 0 { throw Failure(operation: "open", name: name) }
  }

  deinit {
    unsafe memory.deallocate()
    if isOwned { close(descriptor) }
  }

  /// The region for further bytes, at least `minimum` of them.
  mutating func reserve(_ minimum: Int) throws -> UnsafeMutableRawBufferPointer {
    precondition(minimum <= Self.capacity)
    if Self.capacity - count < minimum { try flush() }
    return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
  }

  /// Says how many bytes of the reserved region were filled.
  mutating func didFill(_ filled: Int) { count += filled }

  /// Adds `bytes`. O(bytes).
  mutating func append(_ bytes: RawSpan) throws {
    var rest = 0
    while rest < bytes.byteCount {
      if count == Self.capacity { try flush() }
      let part = min(Self.capacity - count, bytes.byteCount - rest)
      unsafe bytes.extracting(rest..<rest + part).withUnsafeBytes {
        // SAFETY: `part` bytes are free behind `count`.
        unsafe (memory.baseAddress! + count).copyMemory(from: $0.baseAddress!, byteCount: part)
      }
      count += part
      rest += part
    }
  }

  /// Adds `message` as a line, with `|` for SOH. O(message).
  mutating func appendLine(_ message: RawSpan) throws {
    var rest = 0
    while rest < message.byteCount {
      if count == Self.capacity { try flush() }
      let part = min(Self.capacity - count, message.byteCount - rest)
      // SAFETY: `part` bytes are free behind `count`, and stand behind `rest` in the message.
      unsafe message.withUnsafeBytes { source in
        for index in 0..<part {
          let byte = unsafe source[rest + index]
          unsafe memory[count + index] = byte == 1 ? UInt8(ascii: "|") : byte
        }
      }
      count += part
      rest += part
    }
    if count == Self.capacity { try flush() }
    unsafe memory[count] = UInt8(ascii: "\n")
    count += 1
  }

  /// Writes what is held back.
  mutating func flush() throws {
    var done = 0
    while done < count {
      let written = unsafe write(descriptor, memory.baseAddress! + done, count - done)
      if written < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE && !isOwned { throw ExitCode.success }
        throw Failure(operation: "write to", name: name)
      }
      done += written
    }
    count = 0
  }

  /// What the system refused.
  struct Failure: Error, CustomStringConvertible {
    let operation: String
    let name: String
    let code = errno

    // SAFETY: strerror returns a C string that is copied before any other call.
    var description: String { unsafe "cannot \(operation) \(name): \(String(cString: strerror(code)))" }
  }
}
