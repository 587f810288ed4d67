// A round trip of 64 bytes over loopback: what a request and its answer take through sockets.

import BenchSupport
import Foundation
import NexusRT

var networkGroups: [Group] {
  [
    Group(
      "TCP echo of 64 bytes over loopback, round trip, p50",
      [
        Line("two runtimes on two threads") { try echo(busy: false) },
        Line("two runtimes on two threads, blockOnBusy") { try echo(busy: true) },
        Line("one runtime, two tasks") { try echoInOne() },
        Line("standard: send(2) and recv(2), two threads", run: echoBySystemCalls),
      ])
  ]
}

private let echoes = 2_000

/// Two connected descriptors.
private func connection() throws -> (Int32, Int32) {
  let pair = Place()
  _ = try inRuntime {
    let listener = try TCPListener(at: .loopback(port: 0))
    let near = try await TCPStream.connect(to: listener.localAddress)
    let far = try await listener.accept()
    try near.setNoDelay(true)
    try far.setNoDelay(true)
    pair.near = near.release()
    pair.far = far.release()
    return 0
  }
  return (pair.near, pair.far)
}

private final class Place: @unchecked Sendable {
  var near: Int32 = -1
  var far: Int32 = -1
}

private func echo(busy: Bool) throws -> Double {
  let (near, far) = try connection()
  let thread = Thread {
    do { _ = try inRuntime(busy: busy) { try await answer(TCPStream(adopting: far)) } } catch {
      fatalError("\(error)")
    }
  }
  thread.start()
  return try inRuntime(busy: busy) { try await ask(TCPStream(adopting: near)) }
}

private func echoInOne() throws -> Double {
  let (near, far) = try connection()
  return try inRuntime {
    let answering = spawnBoxed(try TCPStream(adopting: far)) { stream in try await answer(stream) }
    let took = try await ask(try TCPStream(adopting: near))
    _ = try await answering.value()
    return took
  }
}

/// Sends and awaits the answer, again and again; the median in ns.
nonisolated(nonsending) private func ask(_ stream: consuming TCPStream) async throws -> Double {
  let question = IOBuffer(count: 64)
  var buffer = IOBuffer(count: 64)
  var bytes = buffer.mutableBytes
  var times: [UInt64] = []
  times.reserveCapacity(echoes)
  for _ in 0..<echoes {
    let start = now()
    try await stream.sendAll(question.bytes)
    let count = try await stream.receiveAll(into: &bytes)
    times.append(now() - start)
    precondition(count == 64, "the other side is gone")
  }
  return median(times)
}

nonisolated(nonsending) private func answer(_ stream: consuming TCPStream) async throws -> Double {
  var buffer = IOBuffer(count: 64)
  while true {
    var bytes = buffer.mutableBytes
    if try await stream.receiveAll(into: &bytes) < 64 { return 0 }
    try await stream.sendAll(buffer.bytes)
  }
}

private func median(_ times: [UInt64]) -> Double { Double(times.sorted()[times.count / 2]) }

/// The same by blocking system calls.
private func echoBySystemCalls() throws -> Double {
  let (near, far) = try connection()
  let thread = Thread {
    var buffer = [UInt8](repeating: 0, count: 64)
    while recv(far, &buffer, 64, Int32(MSG_WAITALL)) == 64 {
      precondition(send(far, buffer, 64, 0) == 64)
    }
    close(far)
  }
  thread.start()
  defer { close(near) }
  var buffer = [UInt8](repeating: 0, count: 64)
  var times: [UInt64] = []
  for _ in 0..<echoes {
    let start = now()
    precondition(send(near, buffer, 64, 0) == 64)
    precondition(recv(near, &buffer, 64, Int32(MSG_WAITALL)) == 64)
    times.append(now() - start)
  }
  return median(times)
}
