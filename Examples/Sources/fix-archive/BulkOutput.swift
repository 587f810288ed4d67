internal import ArgumentParser
internal import Glibc
internal import NexusRT

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
    var done = 0
    while !appendLine(message, from: &done) { try flush() }
  }

  /// The same in a task of a runtime: where the output is slow, the other tasks run meanwhile.
  ///
  /// - Throws: `IOError` with `isCancelled` if the task is cancelled while the output takes nothing, among what
  ///   `flush` throws. After an error nothing further can be added.
  nonisolated(nonsending) mutating func appendLineInTask(_ message: RawSpan) async throws {
    var done = 0
    while !appendLine(message, from: &done) { try await flushInTask() }
  }

  /// Adds as much of the line as there is room for, from `done` on, and moves that forward.
  ///
  /// - Returns: whether all of it is added.
  private mutating func appendLine(_ message: RawSpan, from done: inout Int) -> Bool {
    let part = min(Self.capacity - count, message.byteCount - done)
    // SAFETY: `part` bytes are free behind `count`, and stand behind `done` in the message.
    unsafe message.withUnsafeBytes { source in
      for index in 0..<part {
        let byte = unsafe source[done + index]
        unsafe memory[count + index] = byte == 1 ? UInt8(ascii: "|") : byte
      }
    }
    count += part
    done += part
    guard done == message.byteCount, count < Self.capacity else { return false }
    unsafe memory[count] = UInt8(ascii: "\n")
    count += 1
    return true
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

  /// The same in a task of a runtime, as `appendLineInTask`.
  nonisolated(nonsending) mutating func flushInTask() async throws {
    let file = File(borrowing: descriptor)
    var done = 0
    while done < count {
      do throws(IOError) {
        // SAFETY: [0, count) is filled, and nobody adds to it before the write has ended.
        done += try await file.write(
          unsafe RawSpan(_unsafeStart: memory.baseAddress! + done, byteCount: count - done))
      } catch {
        if error.isCancelled { throw error }
        if error.code == EPIPE && !isOwned { throw ExitCode.success }
        throw Failure(operation: "write to", name: name, code: error.code)
      }
    }
    count = 0
  }

  /// What the system refused.
  struct Failure: Error, CustomStringConvertible {
    let operation: String
    let name: String
    var code = errno

    // SAFETY: strerror returns a C string that is copied before any other call.
    var description: String { unsafe "cannot \(operation) \(name): \(String(cString: strerror(code)))" }
  }
}
