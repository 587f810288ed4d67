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
}

/// An input whose pending read can be ended from another task of the runtime, while the task that waits for it goes on
/// and still sends what it has.
///
/// The read is in a cancel scope of its own: cancelling that ends the read, and nothing else of the task that waits.
final class InterruptibleInput {
  private let input: ByteInput
  // Of the latest read; cancelling one that is over does nothing.
  private var reading: CancelScope?
  private var isInterrupted = false

  init(_ input: consuming ByteInput) { self.input = input }

  /// Reads into the front of `region`, one task at a time.
  ///
  /// - Returns: how many bytes were read; 0 at the end, or once interrupted.
  /// - Throws: `IOError`; `isCancelled` if the task itself was cancelled.
  nonisolated(nonsending) func read(into region: inout MutableRawSpan) async throws(IOError) -> Int {
    if isInterrupted { return 0 }
    do throws(IOError) {
      return try await withCancelScope { (scope) throws(IOError) in
        self.reading = scope
        return try await self.input.read(into: &region)
      }
    } catch {
      if isInterrupted && error.isCancelled { return 0 }
      throw error
    }
  }

  /// Ends the pending read, and makes every further one the end of the input.
  func interrupt() {
    isInterrupted = true
    reading?.cancel()
  }
}
