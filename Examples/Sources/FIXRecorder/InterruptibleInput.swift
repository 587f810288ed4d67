internal import Glibc
internal import NexusRT

/// What a task reads bytes from.
enum ByteInput: ~Copyable {
  case file(File)
  case connection(TCPStream)

  nonisolated(nonsending) borrowing func read(into region: inout MutableRawSpan) async throws(IOError) -> Int
  {
    switch self {
    case .file(let file): try await file.read(into: &region)
    case .connection(let stream): try await stream.receive(into: &region)
    }
  }

  /// How many bytes the system holds that came for this input and were not read; 0 for a regular file, where nothing
  /// comes. A read of as many does not wait.
  var arrived: Int {
    let descriptor =
      switch self {
      case .file(let file): file.descriptor
      case .connection(let stream): stream.descriptor
      }
    var status = stat()
    var count: Int32 = 0
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFREG,
      unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0
    else { return 0 }
    return Int(count)
  }
}

/// An input that can be ended from another task of the runtime, while the task that reads it goes on and still sends
/// what had arrived.
///
/// The pending read is in a cancel scope of its own: cancelling that ends the read, and nothing else of the task that
/// waits.
final class InterruptibleInput {
  private let input: ByteInput
  // Of the latest read; cancelling one that is over does nothing.
  private var reading: CancelScope?
  private var isInterrupted = false
  // What may still be read once interrupted: a peer that goes on sending must not keep the input from ending.
  private var rest: Int?

  init(_ input: consuming ByteInput) { self.input = input }

  /// Reads into the front of `region`, one task at a time.
  ///
  /// - Returns: how many bytes were read; 0 at the end. Once interrupted that is behind what had arrived.
  /// - Throws: `IOError`; `isCancelled` if the task itself was cancelled.
  nonisolated(nonsending) func read(into region: inout MutableRawSpan) async throws(IOError) -> Int {
    if isInterrupted { return try await readRest(into: &region) }
    do throws(IOError) {
      return try await withCancelScope { (scope) throws(IOError) in
        self.reading = scope
        return try await self.input.read(into: &region)
      }
    } catch {
      guard isInterrupted && error.isCancelled else { throw error }
      return try await readRest(into: &region)
    }
  }

  /// What had arrived when this was first called, which is once no read is pending any more.
  nonisolated(nonsending) private func readRest(into region: inout MutableRawSpan) async throws(IOError)
    -> Int
  {
    let arrived = input.arrived
    let rest = min(self.rest ?? arrived, arrived)
    self.rest = rest
    if rest == 0 { return 0 }
    // SAFETY: the caller's exclusive access to the region lasts until this returns.
    let bytes = unsafe region.withUnsafeMutableBytes { unsafe $0 }
    var part = unsafe MutableRawSpan(_unsafeBytes: .init(rebasing: bytes[..<min(rest, bytes.count)]))
    let count = try await input.read(into: &part)
    self.rest = rest - count
    return count
  }

  /// Ends the pending read, and the input behind what has arrived.
  func interrupt() {
    isInterrupted = true
    reading?.cancel()
  }
}
