// Datagrams: whole, with their sender, cut only if that is said, to one and to many.

import Glibc
@testable import NexusRT
import Testing

@Suite struct NetworkUDPTests {
  // MARK: To one

  @Test(arguments: [IPFamily.v4, .v6]) func datagrams_arrive_withTheirSender(family: IPFamily) async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(family, port: 0))
      let far = try UDPSocket(at: .loopback(family, port: 0))
      let there = try far.localAddress
      let here = try near.localAddress
      var buffer = IOBuffer(count: 64)
      for word in ["one", "three", ""] {
        let bytes = Array(word.utf8)
        try await near.send(unsafe bytes.span.bytes, to: there)
        var room = buffer.mutableBytes
        let datagram = try await far.receive(into: &room)
        expectEqual(datagram, Datagram(count: bytes.count, length: bytes.count, sender: here))
        expect(!datagram.isTruncated)
        expectEqual(text(buffer.bytes, datagram.count), word)
      }
    }
  }

  @Test func receive_waits_untilSomethingComes() async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .loopback(port: 0))
      let there = try far.localAddress
      let receiving = spawnBoxed(far) { far in try await receiveWord(on: far) }
      await settle()
      expect(!receiving.isFinished)
      try await sendWord("late", on: near, to: there)
      expectEqual(try await receiving.value(), "late")
    }
  }

  @Test func connectedSocket_sendsToItsPeer_andHearsNobodyElse() async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .loopback(port: 0))
      let stranger = try UDPSocket(at: .loopback(port: 0))
      expectEqual(await code { _ = try near.peerAddress }, ENOTCONN)
      try near.connect(to: try far.localAddress)
      expectEqual(try near.peerAddress, try far.localAddress)
      try await sendWord("strange", on: stranger, to: try near.localAddress)
      let bytes = Array("known".utf8)
      try await near.send(unsafe bytes.span.bytes)
      expectEqual(try await receiveWord(on: far), "known")
      try await sendWord("back", on: far, to: try near.localAddress)
      expectEqual(try await receiveWord(on: near), "back")
      var buffer = IOBuffer(count: 64)
      var room = buffer.mutableBytes
      expect(try near.tryReceive(into: &room) == nil, "the stranger was heard")
    }
  }

  @Test func datagram_thatIsTooLargeForItsBuffer_isTruncated_andSaysSo() async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .loopback(port: 0))
      let there = try far.localAddress
      var buffer = IOBuffer(count: 4)
      for _ in 1...2 { try await sendWord("0123456789", on: near, to: there) }
      var room = buffer.mutableBytes
      // A peek leaves it whole.
      expectEqual(try await far.peek(into: &room).length, 10)
      let datagram = try await far.receive(into: &room)
      expectEqual(datagram.count, 4)
      expectEqual(datagram.length, 10)
      expect(datagram.isTruncated)
      let second = try far.tryReceive(into: &room)
      expect(second?.isTruncated == true && second?.length == 10)
      expectEqual(text(buffer.bytes, 4), "0123")
      // The rest of it does not pass for a datagram of its own.
      var rest = buffer.mutableBytes
      expect(try far.tryReceive(into: &rest) == nil)
    }
  }

  @Test func peek_leavesTheDatagram() async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .loopback(port: 0))
      var buffer = IOBuffer(count: 64)
      var room = buffer.mutableBytes
      expect(try far.tryPeek(into: &room) == nil)
      try await sendWord("hello", on: near, to: try far.localAddress)
      let here = try near.localAddress
      for _ in 1...2 {
        var room = buffer.mutableBytes
        expectEqual(try await far.peek(into: &room), Datagram(count: 5, length: 5, sender: here))
        expectEqual(text(buffer.bytes, 5), "hello")
      }
      var again = buffer.mutableBytes
      expectEqual(try far.tryPeek(into: &again), Datagram(count: 5, length: 5, sender: here))
      expectEqual(try await receiveWord(on: far), "hello")
      var after = buffer.mutableBytes
      expect(try far.tryPeek(into: &after) == nil)
    }
  }

  @Test func tryForms_neverWait_andNeedNoRuntime() async throws {
    try await onThread {
      let near = try UDPSocket(.v4)
      let far = try UDPSocket(at: .loopback(port: 0))
      let there = try far.localAddress
      var buffer = IOBuffer(count: 64)
      var room = buffer.mutableBytes
      expect(try far.tryReceive(into: &room) == nil)
      let bytes = Array("now".utf8)
      expect(try near.trySend(unsafe bytes.span.bytes, to: there))
      let datagram = try far.tryReceive(into: &room)
      expectEqual(datagram?.length, 3)
      // Its first send has bound it.
      expectEqual(datagram?.sender.port, try near.localAddress.port)
      try near.connect(to: there)
      expect(try near.trySend(unsafe bytes.span.bytes))
      expectEqual(try far.tryReceive(into: &room)?.length, 3)
    }
  }

  @Test func sends_thatCannotBe_areErrors() async throws {
    try await inTask {
      let socket = try UDPSocket(at: .loopback(port: 0))
      let bytes = [UInt8](repeating: 0, count: 70_000)
      let here = try socket.localAddress
      expectEqual(await code { try await socket.send(unsafe bytes.span.bytes, to: here) }, EMSGSIZE)
      expectEqual(await code { _ = try socket.trySend(unsafe bytes.span.bytes, to: here) }, EMSGSIZE)
      let few = [UInt8](repeating: 0, count: 7)
      expectEqual(await code { try await socket.send(unsafe few.span.bytes) }, EDESTADDRREQ)
      expectEqual(
        await code { try await socket.send(unsafe few.span.bytes, to: .loopback(.v6, port: 1)) }, EAFNOSUPPORT
      )
    }
  }

  @Test func peer_thatIsNotThere_isECONNREFUSED_onceThatIsKnown() async throws {
    try await inTask {
      let gone = try UDPSocket(at: .loopback(port: 0)).localAddress
      let socket = try UDPSocket(at: .loopback(port: 0))
      try socket.connect(to: gone)
      let few = [UInt8](repeating: 0, count: 7)
      try await socket.send(unsafe few.span.bytes)
      expectEqual(await code { _ = try await receiveWord(on: socket) }, ECONNREFUSED)
      try await socket.send(unsafe few.span.bytes)
      expectEqual(try socket.takeError()?.code, ECONNREFUSED)
    }
  }

  @Test func options_areSet_andRead() async throws {
    try await onThread {
      for family in [IPFamily.v4, .v6] {
        let socket = try UDPSocket(family)
        try socket.setTimeToLive(9)
        expectEqual(try socket.timeToLive, 9)
        try socket.setSendBufferSize(20_000)
        expectEqual(try socket.sendBufferSize, 40_000)
        try socket.setReceiveBufferSize(30_000)
        expectEqual(try socket.receiveBufferSize, 60_000)
        expectEqual(try socket.multicastTimeToLive, 1)
        try socket.setMulticastTimeToLive(4)
        expectEqual(try socket.multicastTimeToLive, 4)
        for hops in [-1, 256] {
          expectEqual(refusal { () throws(IOError) in try socket.setMulticastTimeToLive(hops) }?.code, EINVAL)
        }
        expect(try socket.loopsMulticast)
        try socket.setLoopsMulticast(false)
        expect(try !socket.loopsMulticast)
        expect(try !socket.allowsBroadcast)
        try socket.setAllowsBroadcast(true)
        expect(try socket.allowsBroadcast)
      }
    }
  }

  @Test func descriptor_isReleased_andAdopted_alsoIfItIsNonblocking() async throws {
    try await inTask {
      let socket = try UDPSocket(at: .loopback(port: 0))
      let here = try socket.localAddress
      let descriptor = socket.release()
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
      let adopted = try UDPSocket(adopting: descriptor)
      expectEqual(try adopted.localAddress, here)
      let receiving = spawnBoxed(adopted) { socket in try await receiveWord(on: socket) }
      await settle()
      expect(!receiving.isFinished, "it did not wait")
      let near = try UDPSocket(.v4)
      try await sendWord("late", on: near, to: here)
      expectEqual(try await receiving.value(), "late")
    }
  }

  // MARK: To many

  @Test func broadcast_mustBeAllowed_andArrives() async throws {
    try await inTask {
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .any(port: 0))
      // The loopback network's.
      let all = SocketAddress(host: IPAddress(127, 255, 255, 255), port: try far.localAddress.port)
      expectEqual(await code { try await sendWord("all", on: near, to: all) }, EACCES)
      try near.setAllowsBroadcast(true)
      try await sendWord("all", on: near, to: all)
      expectEqual(try await receiveWord(on: far), "all")
    }
  }

  /// Through an interface that can do it, and with a time to live of 0: nothing leaves this machine.
  @Test(arguments: ["239.255.77.1", "ff02::7:7:1"]) func group_isJoined_heard_andLeft(group: String)
    async throws
  {
    try await inTask {
      let group = try IPAddress(group)
      let found = multicastInterface(group.family)
      let interface = found?.interface ?? .named("lo")
      let first = try UDPSocket(at: .any(group.family, port: 0), reusesAddress: true)
      let port = try first.localAddress.port
      let second = try UDPSocket(at: .any(group.family, port: port), reusesAddress: true)
      try first.joinMulticast(group, on: interface)
      try second.joinMulticast(group, on: .address(found?.address ?? .loopback(group.family)))
      expectEqual(await code { try first.joinMulticast(group, on: interface) }, EADDRINUSE)
      let near = try UDPSocket(group.family)
      try near.setMulticastInterface(interface)
      try near.setMulticastTimeToLive(0)
      let there = SocketAddress(host: group, port: port)
      // Without such an interface there is no route for IPv6, and the loopback's echo does not ask for the loop.
      if found != nil || group.family == .v4 {
        try await sendWord("members", on: near, to: there)
        expectEqual(try await receiveWord(on: first), "members")
        expectEqual(try await receiveWord(on: second), "members")
      }
      if found != nil {
        // Without the loop nobody on this machine hears it.
        try near.setLoopsMulticast(false)
        try await sendWord("quiet", on: near, to: there)
        try near.setLoopsMulticast(true)
      }
      try first.leaveMulticast(group, on: interface)
      expectEqual(await code { try first.leaveMulticast(group, on: interface) }, EADDRNOTAVAIL)
      try second.leaveMulticast(group, on: interface)
      if found != nil {
        try await sendWord("left", on: near, to: there)
        var buffer = IOBuffer(count: 64)
        var room = buffer.mutableBytes
        expect(try first.tryReceive(into: &room) == nil && second.tryReceive(into: &room) == nil)
      }
    }
  }

  /// Linux has every socket of a port hear what any of them joined, if it is not told otherwise.
  @Test(arguments: [["239.255.77.3", "239.255.77.4"], ["ff02::7:7:3", "ff02::7:7:4"]])
  func group_isHeardByWhoJoinedIt_andNotByOthersOfThePort(groups: [String]) async throws {
    try await inTask {
      let one = try IPAddress(groups[0])
      let other = try IPAddress(groups[1])
      let found = multicastInterface(one.family)
      // Without such an interface there is no route for IPv6.
      if found == nil && one.family == .v6 { return }
      let interface = found?.interface ?? .named("lo")
      let first = try UDPSocket(at: .any(one.family, port: 0), reusesAddress: true)
      let port = try first.localAddress.port
      let second = try UDPSocket(at: .any(one.family, port: port), reusesAddress: true)
      try first.joinMulticast(one, on: interface)
      try second.joinMulticast(other, on: interface)
      let near = try UDPSocket(one.family)
      try near.setMulticastInterface(interface)
      try near.setMulticastTimeToLive(0)
      for round in 1...3 {
        try await sendWord("one \(round)", on: near, to: SocketAddress(host: one, port: port))
        try await sendWord("other \(round)", on: near, to: SocketAddress(host: other, port: port))
      }
      for round in 1...3 {
        expectEqual(try await receiveWord(on: first), "one \(round)")
        expectEqual(try await receiveWord(on: second), "other \(round)")
      }
    }
  }

  @Test func group_thatSaysWhereItIs_isJoinedThere_ifNothingElseIsSaid() async throws {
    try await onThread {
      let socket = try UDPSocket(.v6)
      let group = try IPAddress("ff02::7:7:5")
      let there = try IPAddress("ff02::7:7:5%lo")
      try socket.joinMulticast(there)
      // It is left there only if it was joined there.
      try socket.leaveMulticast(group, on: .named("lo"))
      try socket.joinMulticast(group, on: .named("lo"))
      try socket.leaveMulticast(there)
      // What is said of the interface counts.
      try socket.joinMulticast(IPAddress("ff02::7:7:5%4000"), on: .named("lo"))
      try socket.leaveMulticast(group, on: .named("lo"))
    }
  }

  @Test func group_thatIsNone_andInterface_thatIsNone_areErrors() async throws {
    try await onThread {
      let socket = try UDPSocket(.v4)
      let group = IPAddress(239, 255, 77, 2)
      func joining(_ group: IPAddress, _ interface: NetworkInterface) -> Int32? {
        refusal { () throws(IOError) in try socket.joinMulticast(group, on: interface) }?.code
      }
      expectEqual(joining(IPAddress(10, 0, 0, 1), .named("lo")), EINVAL)
      for interface in [
        NetworkInterface.named("nowhere"), .index(0), .index(1 << 20), .address(IPAddress(203, 0, 113, 9)),
      ] {
        expectEqual(joining(group, interface), ENODEV)
      }
    }
  }
}

nonisolated(nonsending) func sendWord(
  _ word: String, on socket: borrowing UDPSocket, to address: SocketAddress
) async throws {
  let bytes = Array(word.utf8)
  try await socket.send(unsafe bytes.span.bytes, to: address)
}

nonisolated(nonsending) func receiveWord(on socket: borrowing UDPSocket) async throws -> String {
  var buffer = IOBuffer(count: 64)
  var room = buffer.mutableBytes
  let datagram = try await socket.receive(into: &room)
  return text(buffer.bytes, datagram.count)
}

/// An interface of this machine that is up and can do multicast, by its index, and its address; nil if there is none.
private func multicastInterface(_ family: IPFamily) -> (interface: NetworkInterface, address: IPAddress)? {
  var list: UnsafeMutablePointer<ifaddrs>?
  guard unsafe getifaddrs(&list) == 0 else { return nil }
  defer { unsafe freeifaddrs(list) }
  var next = unsafe list
  while let entry = unsafe next {
    unsafe next = entry.pointee.ifa_next
    let flags = unsafe Int(entry.pointee.ifa_flags)
    let wanted = Int(IFF_UP | IFF_MULTICAST)
    guard flags & wanted == wanted, flags & Int(IFF_LOOPBACK) == 0 else { continue }
    guard let address = unsafe entry.pointee.ifa_addr else { continue }
    guard
      unsafe Int32(UnsafeRawPointer(address).load(as: UInt16.self)) == (family == .v4 ? AF_INET : AF_INET6)
    else { continue }
    var text = [CChar](repeating: 0, count: 200)
    let size = socklen_t(family == .v4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    guard unsafe getnameinfo(address, size, &text, 200, nil, 0, NI_NUMERICHOST) == 0 else { continue }
    let numbers = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let found = try? IPAddress(numbers) else { continue }
    return (.index(unsafe if_nametoindex(entry.pointee.ifa_name)), found)
  }
  return nil
}
