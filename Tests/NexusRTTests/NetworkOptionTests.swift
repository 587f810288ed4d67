// Options: what is set is what the kernel has, and what cannot be set is an error.

import Glibc
import NexusRT
import Testing

@Suite struct NetworkOptionTests {
  @Test func options_ofAStream_areSet_andRead() async throws {
    try await inTask {
      let pair = try await streamPair()
      expect(try !pair.near.noDelay)
      try pair.near.setNoDelay(true)
      expect(try pair.near.noDelay)
      try pair.near.setNoDelay(false)
      expect(try !pair.near.noDelay)

      expect(try pair.near.keepAlive == nil)
      let keepAlive = KeepAlive(idle: .seconds(30), interval: .milliseconds(1_500), probes: 4)
      try pair.near.setKeepAlive(keepAlive)
      expectEqual(try pair.near.keepAlive, KeepAlive(idle: .seconds(30), interval: .seconds(2), probes: 4))
      try pair.near.setKeepAlive(nil)
      expect(try pair.near.keepAlive == nil)
      expectEqual(
        refusal { () throws(IOError) in try pair.near.setKeepAlive(KeepAlive(probes: 1_000)) },
        IOError(operation: "set TCP_KEEPCNT", code: EINVAL))

      expect(try pair.near.linger == nil)
      try pair.near.setLinger(.milliseconds(2_001))
      expectEqual(try pair.near.linger, .seconds(3))
      try pair.near.setLinger(.zero)
      expectEqual(try pair.near.linger, .zero)
      try pair.near.setLinger(nil)
      expect(try pair.near.linger == nil)

      try pair.near.setTimeToLive(7)
      expectEqual(try pair.near.timeToLive, 7)
      for hops in [0, -1, 256] {
        expectEqual(refusal { () throws(IOError) in try pair.near.setTimeToLive(hops) }?.code, EINVAL)
      }

      try pair.near.setSendBufferSize(20_000)
      expectEqual(try pair.near.sendBufferSize, 40_000)
      try pair.near.setReceiveBufferSize(30_000)
      expectEqual(try pair.near.receiveBufferSize, 60_000)
    }
  }

  @Test func options_ofIPv6Sockets_areThoseOfIPv6() async throws {
    try await inTask {
      let pair = try await streamPair(.v6)
      try pair.near.setTimeToLive(9)
      expectEqual(try pair.near.timeToLive, 9)
      for hops in [0, -1, 256] {
        expectEqual(refusal { () throws(IOError) in try pair.near.setTimeToLive(hops) }?.code, EINVAL)
      }
      let socket = try TCPSocket(.v6)
      try socket.setIPv6Only(true)
      expect(try socket.isIPv6Only)
      try socket.setIPv6Only(false)
      expect(try !socket.isIPv6Only)
      // It serves both then.
      try socket.bind(to: .any(.v6, port: 0))
      let listener = try socket.listen()
      let near = try await TCPStream.connect(to: .loopback(port: listener.port))
      let far = try await listener.accept()
      expectEqual(far.peerAddress.family, .v6)
      expectEqual(far.peerAddress.port, try near.localAddress.port)
      expectEqual("\(far.peerAddress.host)", "::ffff:127.0.0.1")
    }
  }

  @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
  func listener_onEveryAddress_isReachedOverIPv4_andIPv6() async throws {
    try await inTask {
      let listener = try TCPListener(host: "", port: 0)
      for family in [IPFamily.v4, .v6] {
        let near = try await TCPStream.connect(to: .loopback(family, port: listener.port))
        let far = try await listener.accept()
        expectEqual(far.peerAddress.port, try near.localAddress.port)
      }
      // A taken port is an error and not a reason to serve a part.
      let port = listener.port
      expectEqual(
        refusal { () throws(IOError) in _ = try TCPListener(host: "", port: port) },
        IOError(operation: "bind", code: EADDRINUSE))
    }
  }

  @Test func timeToLive_ofAnIPv6Socket_isAlsoThatOfItsIPv4Peers() async throws {
    try await inTask {
      let socket = try UDPSocket(.v6)
      try socket.setTimeToLive(9)
      var hops: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      expectEqual(unsafe getsockopt(socket.descriptor, Int32(IPPROTO_IP), IP_TTL, &hops, &size), 0)
      expectEqual(hops, 9)
      let stream = try TCPSocket(.v6)
      try stream.setTimeToLive(11)
      expectEqual(unsafe getsockopt(stream.descriptor, Int32(IPPROTO_IP), IP_TTL, &hops, &size), 0)
      expectEqual(hops, 11)
    }
  }

  @Test func options_ofHalves_areThoseOfTheStream() async throws {
    try await inTask {
      let pair = try await streamPair()
      let halves = pair.near.split()
      let receiver = halves.receiver
      let sender = halves.sender
      try sender.setNoDelay(true)
      expect(try receiver.noDelay)
      try receiver.setTimeToLive(5)
      expectEqual(try sender.timeToLive, 5)
    }
  }

  @Test func addressesAndPorts_areSharedIfAllAllowIt() async throws {
    try await onThread {
      let first = try TCPListener(at: .loopback(port: 0), reusesPort: true)
      let second = try TCPListener(at: first.localAddress, reusesPort: true)
      expectEqual(second.port, first.port)
      let address = first.localAddress
      expectEqual(
        refusal { () throws(IOError) in _ = try TCPListener(at: address) },
        IOError(operation: "bind", code: EADDRINUSE))
      let socket = try TCPSocket(.v4)
      expect(try !socket.reusesAddress && !socket.reusesPort)
      try socket.setReusesAddress(true)
      try socket.setReusesPort(true)
      expect(try socket.reusesAddress && socket.reusesPort)
    }
  }

  @Test func listener_hasATimeToLive_andABacklog() async throws {
    try await inTask {
      let listener = try TCPListener(at: .loopback(port: 0), backlog: 1)
      try listener.setTimeToLive(3)
      expectEqual(try listener.timeToLive, 3)
      // Its queue holds two, and the next waits.
      let address = listener.localAddress
      let first = try await TCPStream.connect(to: address)
      let second = try await TCPStream.connect(to: address)
      expectEqual(first.peerAddress, second.peerAddress)
      do {
        _ = try await withTimeout(.milliseconds(30)) { try await TCPStream.connect(to: address) }
        expect(false, "the queue has room for three")
      } catch { expect(error is TimeoutError) }
    }
  }

  @Test func addressThatIsNotOurs_cannotBeBound() async throws {
    try await onThread {
      let foreign = SocketAddress(host: IPAddress(203, 0, 113, 9), port: 0)
      expectEqual(
        refusal { () throws(IOError) in _ = try TCPListener(at: foreign) },
        IOError(operation: "bind", code: EADDRNOTAVAIL))
      expectEqual(
        refusal { () throws(IOError) in _ = try UDPSocket(at: foreign) },
        IOError(operation: "bind", code: EADDRNOTAVAIL))
      expectEqual(
        refusal { () throws(IOError) in _ = try TCPListener(host: "no such host", port: 0) },
        IOError(operation: "look up no such host", code: ENOENT))
    }
  }
}

private let hasIPv6 = (try? UDPSocket(at: .loopback(.v6, port: 0)).descriptor) != nil
