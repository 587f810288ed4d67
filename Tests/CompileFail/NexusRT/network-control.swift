// expect-success
// Sockets as they are meant to be used: what the snippets beside it get wrong.
import NexusRT

nonisolated(nonsending) func serve() async throws {
  let socket = try TCPSocket(.v4)
  try socket.setReusesPort(true)
  try socket.bind(to: .loopback(port: 0))
  let listener = try socket.listen()
  let stream = try await listener.accept()
  let halves = stream.split()
  let receiver = halves.receiver
  let sender = halves.sender
  var buffer = IOBuffer(count: 64)
  var bytes = buffer.mutableBytes
  let count = try await receiver.receive(into: &bytes)
  try await sender.sendAll(buffer.bytes.extracting(0..<count))
  let whole = try TCPStream.reunite(receiver, sender)
  try whole.shutdown(.write)
  spawnBoxed(whole) { stream in try stream.setNoDelay(true) }
}

/// Either end of a connection, whole or half.
nonisolated(nonsending) func pass<Source: ByteReceiving & ~Copyable, Target: ByteSending & ~Copyable>(
  from source: borrowing Source, to target: borrowing Target
) async throws {
  var buffer = IOBuffer(count: 4096)
  while true {
    var bytes = buffer.mutableBytes
    let count = try await source.receive(into: &bytes)
    if count == 0 { return }
    try await target.sendAll(buffer.bytes.extracting(0..<count))
  }
}
