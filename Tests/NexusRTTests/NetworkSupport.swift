// What the tests of sockets share: connected pairs, patterned bytes, and errors taken apart.

import Glibc
@testable import NexusRT
import Testing

/// Both ends of one connection.
struct StreamPair: ~Copyable {
  let near: TCPStream
  let far: TCPStream
}

nonisolated(nonsending) func streamPair(_ family: IPFamily = .v4) async throws -> StreamPair {
  let listener = try TCPListener(at: .loopback(family, port: 0))
  let near = try await TCPStream.connect(to: listener.localAddress)
  return StreamPair(near: near, far: try await listener.accept())
}

/// Sends until the kernel takes nothing, and gives how much that was. Later it may take a little more, as it moves things about, but never
/// `plenty`.
nonisolated(nonsending) func fill(_ stream: borrowing TCPStream) async throws -> Int {
  let bytes = [UInt8](repeating: 7, count: 1 << 16)
  var total = 0
  var quiet = 0
  while quiet < 5 {
    guard let count = unsafe try stream.trySend(bytes.span.bytes) else {
      quiet += 1
      try await sleep(for: .milliseconds(1))
      continue
    }
    total += count
    quiet = 0
  }
  return total
}

/// Whether there is something to receive, or comes within so many ms. Blocks the thread.
func isReadable(_ descriptor: Int32, withinMilliseconds limit: Int32) -> Bool {
  var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&wait, 1, limit) == 1
}

/// Bytes that are more than a connection holds that is full already.
let plenty = [UInt8](repeating: 8, count: 4 << 20)

/// Takes `count` bytes out of `stream`, and no more.
nonisolated(nonsending) func drain(_ stream: borrowing TCPStream, _ count: Int) async throws {
  var buffer = IOBuffer(count: 1 << 16)
  var left = count
  while left > 0 {
    var bytes = buffer.mutableBytes
    var part = bytes._mutatingExtracting(0..<min(left, 1 << 16))
    let received = try await stream.receive(into: &part)
    if received == 0 { throw TestError(number: left) }
    left -= received
  }
}

nonisolated(nonsending) func sendText<Sender: ByteSending & ~Copyable>(
  _ text: String, on sender: borrowing Sender
) async throws {
  let bytes = Array(text.utf8)
  try await sender.sendAll(unsafe bytes.span.bytes)
}

/// What one receive of up to 64 bytes gives, as text; empty at the end.
nonisolated(nonsending) func receiveText<Receiver: ByteReceiving & ~Copyable>(
  on receiver: borrowing Receiver
) async throws -> String {
  var buffer = IOBuffer(count: 64)
  var bytes = buffer.mutableBytes
  let count = try await receiver.receive(into: &bytes)
  return text(buffer.bytes, count)
}

func text(_ bytes: RawSpan, _ count: Int) -> String {
  String(decoding: (0..<count).map { bytes.byte(at: $0) }, as: UTF8.self)
}

/// Bytes that differ from place to place, so that a piece that is lost or doubled is seen.
func patternByte(_ offset: Int) -> UInt8 { UInt8(truncatingIfNeeded: offset &* 31 ^ offset >> 8) }

func pattern(_ count: Int) -> [UInt8] { (0..<count).map(patternByte) }

/// Receives until the end and gives how much it was; fails if it is not the pattern from `offset` on.
nonisolated(nonsending) func receivePattern<Receiver: ByteReceiving & ~Copyable>(
  on receiver: borrowing Receiver, from offset: Int = 0, room: Int = 40_000
) async throws -> Int {
  var buffer = IOBuffer(count: room)
  var total = offset
  while true {
    var bytes = buffer.mutableBytes
    let count = try await receiver.receive(into: &bytes)
    if count == 0 { return total - offset }
    let found = buffer.bytes
    var isRight = true
    for index in 0..<count where found.byte(at: index) != patternByte(total + index) { isRight = false }
    expect(isRight, "wrong bytes after \(total)")
    total += count
  }
}

/// The code of the error that `body` throws; nil if it throws none.
nonisolated(nonsending) func code(_ body: nonisolated(nonsending) () async throws -> Void) async -> Int32? {
  do {
    try await body()
    return nil
  } catch { return (error as? IOError)?.code ?? -1 }
}

/// The code of the error that a task ends with; nil if with none.
nonisolated(nonsending) func code(of task: consuming JoinHandle<Void>) async -> Int32? {
  do {
    try await task.value()
    return nil
  } catch { return (error as? IOError)?.code ?? -1 }
}

/// Sees and changes the results of this runtime's operations; nil ends that.
func setResultFilter(_ filter: ((Int32) -> Int32)?) {
  unsafe LoopState.current(for: "test").pointee.reactor.resultFilter = filter
}

/// Lets everybody run until they wait for the kernel.
nonisolated(nonsending) func settle() async { for _ in 1...5 { await yield() } }

func isOpen(_ descriptor: Int32) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }

/// A listener whose queue is full: further connections wait in the kernel for minutes.
struct FullListener: ~Copyable {
  let listener: TCPListener
  let waiting: TCPStream
  var address: SocketAddress { listener.localAddress }
}

nonisolated(nonsending) func fullListener() async throws -> FullListener {
  let socket = try TCPSocket(.v4)
  try socket.bind(to: .loopback(port: 0))
  // A queue of length 0 is full with one.
  let listener = try socket.listen(backlog: 0)
  let waiting = try await TCPStream.connect(to: listener.localAddress)
  return FullListener(listener: listener, waiting: waiting)
}
