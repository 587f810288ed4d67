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
final class InterruptibleInput {
  private let input: ByteInput
  private var read: JoinHandle<Void>?
  private var outcome: Result<Int, IOError>?
  private var reader = WakeToken.none
  private var isInterrupted = false

  init(_ input: consuming ByteInput) { self.input = input }

  /// Reads into the front of `region`, which must stay until this returns. 0 at the end, or once interrupted.
  @unsafe
  nonisolated(nonsending) func read(into region: UnsafeMutableRawBufferPointer) async throws(IOError) -> Int {
    if isInterrupted { return 0 }
    outcome = nil
    read = spawnBoxed {
      do throws(IOError) {
        // SAFETY: the region is the caller's until the outcome is there.
        var bytes = unsafe MutableRawSpan(_unsafeBytes: region)
        self.outcome = .success(try await self.input.read(into: &bytes))
      } catch {
        self.outcome = .failure(error)
      }
      self.reader.wake()
    }
    while true {
      let wait = Wait(for: "read")
      if let outcome {
        wait.giveUp()
        if case .failure(let error) = outcome, error.isCancelled { return 0 }
        return try outcome.get()
      }
      reader = wait.token
      _ = await wait.suspend()
    }
  }

  /// Ends the pending read, and makes every further one the end of the input.
  func interrupt() {
    isInterrupted = true
    read?.cancel()
  }
}
