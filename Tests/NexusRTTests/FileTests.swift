// Files through the ring: what is written is read back, errors are the kernel's, and a short write is finished.

import Foundation
@testable import NexusRT
import Testing

@Suite struct FileTests {
  @Test func bytes_whenWrittenAndSynced_areReadBack() async throws {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      let count = 100_000
      var buffer = IOBuffer(count: count)
      var bytes = buffer.mutableBytes
      for index in 0..<count {
        bytes.storeBytes(of: UInt8(truncatingIfNeeded: index &* 7), toByteOffset: index, as: UInt8.self)
      }
      let file = try await File.open(path, .write, [.create, .exclusive])
      try await file.writeAll(buffer.bytes, at: 0)
      try await file.syncData()
      try await file.sync()
      try await file.close()

      let input = try await File.open(path, .read)
      var copy = IOBuffer(count: count)
      var done = 0
      while done < count {
        var rest = copy.mutableBytes
        let read = try await input.read(into: &rest, at: UInt64(done))
        expect(read > 0)
        for index in 0..<read {
          expect(copy.bytes.byte(at: index) == UInt8(truncatingIfNeeded: (done + index) &* 7))
        }
        done += read
      }
      var rest = copy.mutableBytes
      expectEqual(try await input.read(into: &rest, at: UInt64(count)), 0)
    }
  }

  @Test func file_thatIsMissing_isENOENT() async throws {
    try await inTask {
      do {
        _ = try await File.open("/no/such/file", .read)
        expect(false, "it was opened")
      } catch let error as IOError {
        expectEqual(error, IOError(operation: "open", code: ENOENT))
        expect("\(error)".contains("open failed: No such file or directory"))
      }
    }
  }

  @Test func errors_areTheKernels() async throws {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      let file = try await File.open(path, .write, [.create])
      expectEqual(await code { _ = try await File.open(path, .write, [.create, .exclusive]) }, EEXIST)
      expectEqual(await code { _ = try await File.open("/tmp", .write) }, EISDIR)
      var buffer = IOBuffer(count: 8)
      do {
        var bytes = buffer.mutableBytes
        _ = try await file.read(into: &bytes, at: 0)
        expect(false, "a file for writing was read")
      } catch let error as IOError { expectEqual(error.code, EBADF) }
      // Closed behind its back.
      let closed = File(borrowing: 1_000_000)
      expectEqual(await code { try await closed.sync() }, EBADF)
    }
  }

  @Test func write_whenShort_isFinishedByWriteAll() async throws {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      var buffer = IOBuffer(count: 64)
      var bytes = buffer.mutableBytes
      for index in 0..<64 { bytes.storeBytes(of: UInt8(index), toByteOffset: index, as: UInt8.self) }
      let file = try await File.open(path, .readWrite, [.create])
      let calls = Shared(0)
      setFilter { result in
        calls.value += 1
        return min(result, 5)
      }
      try await file.writeAll(buffer.bytes, at: 0)
      setFilter(nil)
      expectEqual(calls.value, 13)
      var copy = IOBuffer(count: 100)
      var span = copy.mutableBytes
      expectEqual(try await file.read(into: &span, at: 0), 64)
      for index in 0..<64 { expect(copy.bytes.byte(at: index) == UInt8(index)) }
    }
  }

  @Test func operation_whenInterrupted_beginsAnew() async throws {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      let calls = Shared(0)
      setFilter { result in
        calls.value += 1
        return calls.value < 4 ? -EINTR : result
      }
      let file = try await File.open(path, .write, [.create])
      expectEqual(calls.value, 4)
      expect(file.descriptor >= 0)
    }
  }

  @Test(arguments: [EIO, ENOSPC, ENOBUFS, EAGAIN]) func result_thatIsAnError_isThrown(error: Int32)
    async throws
  {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      let file = try await File.open(path, .write, [.create])
      let buffer = IOBuffer(count: 8)
      setFilter { _ in -error }
      do {
        _ = try await file.write(buffer.bytes)
        expect(false, "nothing was thrown")
      } catch let thrown as IOError { expectEqual(thrown, IOError(operation: "write", code: error)) }
      expectEqual(await code { try await file.sync() }, error)
      setFilter(nil)
      try await file.sync()
    }
  }

  @Test func writeAll_whenNothingIsWritten_fails() async throws {
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask {
      let file = try await File.open(path, .write, [.create])
      let buffer = IOBuffer(count: 8)
      setFilter { _ in 0 }
      do {
        try await file.writeAll(buffer.bytes, at: 0)
        expect(false, "it went on")
      } catch let error as IOError { expectEqual(error.code, EIO) }
      setFilter(nil)
    }
  }

  @Test func operations_whenMoreThanTheRingHolds_allComplete() async throws {
    var configuration = Configuration()
    configuration.submissionEntries = 4
    let path = temporaryPath()
    defer { unsafe unlink(path) }
    try await inTask(configuration) {
      let file = Kept(try await File.open(path, .readWrite, [.create]))
      var handles: [Kept<JoinHandle<Int>>] = []
      for number in 0..<3_000 {
        handles.append(
          Kept(
            spawnBoxed {
              var buffer = IOBuffer(count: 8, alignment: 8)
              var bytes = buffer.mutableBytes
              bytes.storeBytes(of: number, as: Int.self)
              try await file.value!.writeAll(buffer.bytes, at: UInt64(number * 8))
              var again = buffer.mutableBytes
              again.storeBytes(of: -1, as: Int.self)
              let count = try await file.value!.read(into: &again, at: UInt64(number * 8))
              return count == 8 ? again.unsafeLoadInt() : -2
            }))
      }
      for (number, handle) in handles.enumerated() { expectEqual(try await handle.take().value(), number) }
    }
  }

  @Test func task_whenCancelledBefore_beginsNoOperation() async throws {
    let path = temporaryPath()
    try await inTask {
      let task = spawnBoxed { _ = try await File.open(path, .write, [.create]) }
      task.cancel()
      do {
        try await task.value()
        expect(false, "it was opened")
      } catch { expect((error as? IOError)?.isCancelled == true) }
      expect(unsafe access(path, F_OK) != 0)
    }
  }

  /// The descriptor of a close that was interrupted is gone, and its number perhaps somebody else's already.
  @Test func close_interrupted_isNotRepeated() async throws {
    try await inTask {
      let file = Kept(try await File.open("/dev/null", .read))
      let closes = Shared(0)
      setFilter { result in
        closes.value += 1
        return result == 0 ? -EINTR : result
      }
      expectEqual(await code { try await file.take().close() }, EINTR)
      setFilter(nil)
      expectEqual(closes.value, 1)
    }
  }

  private nonisolated(nonsending) func code(
    _ body: nonisolated(nonsending) () async throws -> Void
  ) async -> Int32? {
    do {
      try await body()
      return nil
    } catch { return (error as? IOError)?.code }
  }
}

extension MutableRawSpan {
  func unsafeLoadInt() -> Int { unsafe unsafeLoad(as: Int.self) }
}

private func temporaryPath() -> String { "/tmp/nexus-test-\(UUID().uuidString)" }

private func setFilter(_ filter: ((Int32) -> Int32)?) {
  unsafe LoopState.current(for: "test").pointee.reactor.resultFilter = filter
}
