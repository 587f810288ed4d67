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

  /// Reads to the end in pieces of at most 16 bytes.
  nonisolated(nonsending) static func readAll(_ input: InterruptibleInput) async throws -> [UInt8] {
    var all: [UInt8] = []
    var room = IOBuffer(count: 16)
    var bytes = room.mutableBytes
    while case let count = try await input.read(into: &bytes), count > 0 {
      for index in 0..<count { all.append(unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) }
    }
    return all
  }

  @Test func interrupt_ofAWaitingRead_isTheEnd() throws {
    let pipe = Pipe()
    let got = try inRuntime {
      let input = InterruptibleInput(.file(File(borrowing: pipe.readEnd)))
      let reader = spawnBoxed { try await Self.readAll(input) }
      try await sleep(for: .milliseconds(20))
      input.interrupt()
      return try await reader.value()
    }
    #expect(got == [])
  }

  @Test func interrupt_leavesWhatHadArrived_andNothingThatComesLater() throws {
    let pipe = Pipe()
    let arrived = (0..<100).map { UInt8($0) }
    write(arrived, to: pipe.writeEnd)
    let got = try inRuntime {
      let input = InterruptibleInput(.file(File(borrowing: pipe.readEnd)))
      input.interrupt()
      var room = IOBuffer(count: 16)
      var bytes = room.mutableBytes
      let first = try await input.read(into: &bytes)
      // As much again as is read each time: without a bound this had no end.
      write(arrived, to: pipe.writeEnd)
      return try await first + Self.readAll(input).count
    }
    #expect(got == arrived.count)
  }

  @Test func interrupt_ofARegularFile_leavesTheRestOfIt() throws {
    let directory = TemporaryDirectory()
    let file = unsafe open(directory.input([UInt8](repeating: 1, count: 1000)), O_RDONLY)
    let got = try inRuntime {
      let input = InterruptibleInput(.file(File(borrowing: file)))
      input.interrupt()
      return try await Self.readAll(input)
    }
    #expect(got == [])
  }
}
