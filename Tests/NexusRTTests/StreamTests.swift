// Pipes and sockets: a read waits for the bytes, and a cancelled one loses none and leaves its buffer alone.

import Glibc
import NexusRT
import Testing

@Suite struct StreamTests {
  @Test func read_ofAPipe_waitsForTheBytes() async throws {
    try await inTask {
      let ends = Pipe()
      let output = ends.output.descriptor
      _ = Worker { put("hello", to: output) }
      var buffer = IOBuffer(count: 16)
      var bytes = buffer.mutableBytes
      expectEqual(try await ends.input.read(into: &bytes), 5)
      expectEqual(buffer.bytes.byte(at: 0), UInt8(ascii: "h"))
    }
  }

  @Test(arguments: [false, true]) func read_whenCancelled_ends_andLosesNothing(inChild: Bool) async throws {
    try await inTask {
      let ends = Pipe()
      let input = ends.input.descriptor
      for _ in 1...50 {
        let buffer = Memory()
        let task = spawnBoxed { () async throws -> Int in
          if !inChild { return try await readOnce(input, into: buffer) }
          async let count = readOnce(input, into: buffer)
          return try await count
        }
        for _ in 1...5 { await yield() }
        task.cancel()
        do {
          _ = try await task.value()
          expect(false, "there was nothing to read")
        } catch { expect((error as? IOError)?.isCancelled == true, "\(error)") }
        put("later", to: ends.output.descriptor)
        expectEqual(buffer.first, 0)
        var other = IOBuffer(count: 16)
        var bytes = other.mutableBytes
        expectEqual(try await ends.input.read(into: &bytes), 5)
        expectEqual(buffer.first, 0)
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func cancellation_racingWithCompletion_losesNoByte(seed: UInt64)
    async throws
  {
    try await inTask {
      var random = SeededGenerator(seed: seed)
      let ends = Pipe()
      let input = ends.input.descriptor
      let output = ends.output.descriptor
      var received = 0
      let rounds = 500
      for round in 1...rounds {
        let task = spawnBoxed { try await readOnce(input, into: Memory()) }
        let spins = Int.random(in: 0..<3, using: &random)
        let writer = Worker { put("x", to: output) }
        for _ in 0..<spins { await yield() }
        if round % 3 == 0 { writer.join() }
        task.cancel()
        do { received += try await task.value() } catch { expect((error as? IOError)?.isCancelled == true) }
        if round % 3 != 0 { writer.join() }
      }
      var buffer = IOBuffer(count: 4096)
      while received < rounds {
        var bytes = buffer.mutableBytes
        received += try await ends.input.read(into: &bytes)
      }
      expectEqual(received, rounds)
      expectEqual(bytesWaiting(input), 0)
    }
  }

  @Test func connection_isAccepted_andItsBytesReceived() async throws {
    try await inTask {
      let listener = try TCPListener(host: "127.0.0.1", port: 0)
      let port = listener.port
      expect(port != 0)
      for _ in 1...20 {
        _ = Worker {
          let socket = connected(to: port)
          put("ping", to: socket)
          close(socket)
        }
        let stream = try await listener.accept()
        var buffer = IOBuffer(count: 16)
        var bytes = buffer.mutableBytes
        expectEqual(try await stream.receive(into: &bytes), 4)
        expectEqual(buffer.bytes.byte(at: 3), UInt8(ascii: "g"))
        var rest = buffer.mutableBytes
        expectEqual(try await stream.receive(into: &rest), 0)
      }
    }
  }

  @Test func accept_whenCancelled_ends_andTheNextOneAccepts() async throws {
    try await inTask {
      let bound = try TCPListener(host: "127.0.0.1", port: 0)
      let port = bound.port
      let listener = Kept(bound)
      for _ in 1...20 {
        let task = spawnBoxed { _ = try await listener.value!.accept() }
        for _ in 1...3 { await yield() }
        task.cancel()
        do {
          try await task.value()
          expect(false, "nobody connected")
        } catch { expect((error as? IOError)?.isCancelled == true) }
        let socket = connected(to: port)
        _ = try await listener.value!.accept()
        close(socket)
      }
    }
  }

  @Test func receive_whenCancelled_ends_andLosesNothing() async throws {
    try await inTask {
      let listener = try TCPListener(host: "127.0.0.1", port: 0)
      let socket = connected(to: listener.port)
      let stream = Kept(try await listener.accept())
      for _ in 1...20 {
        let task = spawnBoxed {
          var buffer = IOBuffer(count: 16)
          var bytes = buffer.mutableBytes
          return try await stream.value!.receive(into: &bytes)
        }
        for _ in 1...3 { await yield() }
        task.cancel()
        do {
          _ = try await task.value()
          expect(false, "nothing was sent")
        } catch { expect((error as? IOError)?.isCancelled == true) }
        put("abc", to: socket)
        var buffer = IOBuffer(count: 16)
        var bytes = buffer.mutableBytes
        expectEqual(try await stream.value!.receive(into: &bytes), 3)
      }
      close(socket)
    }
  }

  @Test func port_thatIsTaken_isEADDRINUSE() async throws {
    try await onThread {
      let listener = try TCPListener(host: "127.0.0.1", port: 0)
      do {
        _ = try TCPListener(host: "127.0.0.1", port: listener.port)
        expect(false, "two listen")
      } catch let error as IOError { expectEqual(error.code, EADDRINUSE) }
    }
  }

  @Test func runtime_thatEndsWithOperationsInFlight_cancelsThem() async throws {
    try await onThread {
      for _ in 1...20 {
        let ends = Pipe()
        let input = ends.input.descriptor
        do {
          let runtime = try Runtime()
          try runtime.blockOn {
            for _ in 1...10 { spawnBoxed { try await readOnce(input, into: Memory()) } }
            for _ in 1...3 { await yield() }
          }
        }
        put("x", to: ends.output.descriptor)
        expectEqual(bytesWaiting(input), 1)
      }
    }
  }
}

/// 64 bytes that can be looked at from outside while and after they are read into.
@safe private final class Memory: @unchecked Sendable {
  let start = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 8)
  init() { unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: 64) }
  deinit { unsafe start.deallocate() }
  var first: UInt8 { unsafe start.load(as: UInt8.self) }
}

private nonisolated(nonsending) func readOnce(_ descriptor: Int32, into memory: Memory) async throws -> Int {
  let file = File(borrowing: descriptor)
  defer { withExtendedLifetime(memory) {} }
  var bytes = unsafe MutableRawSpan(_unsafeStart: memory.start, byteCount: 64)
  return try await file.read(into: &bytes)
}

private func put(_ text: String, to descriptor: Int32) {
  var text = text
  let written = text.withUTF8 { unsafe write(descriptor, $0.baseAddress, $0.count) }
  precondition(written == text.utf8.count, "nothing was written")
}

private func bytesWaiting(_ descriptor: Int32) -> Int32 {
  var count: Int32 = 0
  _ = unsafe ioctl(descriptor, UInt(FIONREAD), &count)
  return count
}

private func connected(to port: UInt16) -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let code = unsafe withUnsafePointer(to: &address) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  precondition(code == 0, "not connected")
  return descriptor
}
