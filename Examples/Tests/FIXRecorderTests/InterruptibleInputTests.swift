import Glibc
import NexusRT
import Testing

@testable import FIXRecorder

/// How a read ends that no byte comes for.
@Suite(.serialized) struct InterruptibleInputTests {
  /// What `body` returns in a runtime on a thread of its own; nil if that takes too long.
  func inRuntime<Value: Sendable>(
    _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Value
  ) throws -> Value? {
    let result = Shared<Result<Value, any Error>?>(nil)
    try PlainThread.start(result) { result in
      let outcome = Result { try Runtime().blockOn(body) }
      result.change { $0 = outcome }
    }
    _ = eventually { result.value != nil }
    return try result.value?.get()
  }

  @Test(arguments: [false, true])
  func read_whoseTaskIsCancelled_endsCancelled(isWaiting: Bool) throws {
    let pipe = Pipe()
    let wasCancelled = try inRuntime {
      let input = InterruptibleInput(.file(File(borrowing: pipe.readEnd)))
      let reader = spawnBoxed {
        var room = IOBuffer(count: 16)
        var bytes = room.mutableBytes
        do throws(IOError) {
          _ = try await input.read(into: &bytes)
          return false
        } catch {
          return error.isCancelled
        }
      }
      if isWaiting { try await sleep(for: .milliseconds(20)) }
      reader.cancel()
      return try await reader.value()
    }
    #expect(wasCancelled == true)
  }
}
