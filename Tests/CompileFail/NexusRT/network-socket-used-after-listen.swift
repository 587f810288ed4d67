// expect-error: 'socket' used after consume
// A socket that listens is a listener; what had to be set before cannot be set any more.
import NexusRT

func use() throws -> UInt16 {
  let socket = try TCPSocket(.v4)
  try socket.bind(to: .loopback(port: 0))
  let listener = try socket.listen()
  try socket.setReusesPort(true)
  return listener.port
}
