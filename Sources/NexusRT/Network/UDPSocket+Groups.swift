// Datagrams to many: broadcast and multicast.

internal import Glibc

extension UDPSocket {
  /// Whether datagrams may be sent to a broadcast address (`SO_BROADCAST`). Off at first.
  public var allowsBroadcast: Bool {
    get throws(IOError) { try flag(SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST") }
  }

  public func setAllowsBroadcast(_ isOn: Bool) throws(IOError) {
    try setFlag(SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", isOn)
  }

  /// Joins a multicast group: what is sent to it and comes in through `interface` is received, on the port the socket is
  /// bound to. Groups of IPv4 on IPv4 sockets, of IPv6 on those of IPv6. An address that says where it is valid, such as `ff02::1%eth0`,
  /// says that for `interface` if that is `.any`.
  ///
  /// From the first join on the socket hears only groups that it joined, each through the interface it was joined on. Linux
  /// would have it hear what others on its port joined, too (`IP_MULTICAST_ALL`, `IPV6_MULTICAST_ALL`).
  ///
  /// - Throws: `IOError`: `EINVAL` if `group` is no group; `EADDRINUSE` if it was joined there before; `ENODEV` without such an
  ///   interface, or without a route to the group.
  public func joinMulticast(_ group: IPAddress, on interface: NetworkInterface = .any) throws(IOError) {
    switch group.value {
    case .v4(let bits):
      try setFlag(Int32(IPPROTO_IP), IP_MULTICAST_ALL, "IP_MULTICAST_ALL", false)
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP",
        to: try request(bits, interface))
    case .v6:
      try setFlag(Int32(IPPROTO_IPV6), IPV6_MULTICAST_ALL, "IPV6_MULTICAST_ALL", false)
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IPV6), IPV6_JOIN_GROUP, "IPV6_ADD_MEMBERSHIP",
        to: try request(group, interface))
    }
  }

  /// Leaves a group, which is named as when it was joined. A socket that goes leaves all of its groups.
  ///
  /// - Throws: `IOError` with `EADDRNOTAVAIL` if it was not joined there.
  public func leaveMulticast(_ group: IPAddress, on interface: NetworkInterface = .any) throws(IOError) {
    switch group.value {
    case .v4(let bits):
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IP), IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP",
        to: try request(bits, interface))
    case .v6:
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IPV6), IPV6_LEAVE_GROUP, "IPV6_DROP_MEMBERSHIP",
        to: try request(group, interface))
    }
  }

  /// Through which interface multicast is sent (`IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`).
  public func setMulticastInterface(_ interface: NetworkInterface) throws(IOError) {
    switch try SystemSocket.family(descriptor) {
    case .v4:
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IP), IP_MULTICAST_IF, "IP_MULTICAST_IF", to: try request(0, interface))
    case .v6:
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IPV6), IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", to: try interface.index())
    }
  }

  /// Whether what is sent to a group also comes to this machine's members of it (`IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`).
  /// On at first.
  public var loopsMulticast: Bool {
    get throws(IOError) {
      switch try SystemSocket.family(descriptor) {
      case .v4: try flag(Int32(IPPROTO_IP), IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP")
      case .v6: try flag(Int32(IPPROTO_IPV6), IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP")
      }
    }
  }

  public func setLoopsMulticast(_ isOn: Bool) throws(IOError) {
    switch try SystemSocket.family(descriptor) {
    case .v4: try setFlag(Int32(IPPROTO_IP), IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", isOn)
    case .v6: try setFlag(Int32(IPPROTO_IPV6), IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", isOn)
    }
  }

  /// How many routers a datagram to a group may pass (`IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`). 1 at first: none, the local network.
  public var multicastTimeToLive: Int {
    get throws(IOError) {
      switch try SystemSocket.family(descriptor) {
      case .v4:
        Int(
          try SystemSocket.get(
            descriptor, Int32(IPPROTO_IP), IP_MULTICAST_TTL, "IP_MULTICAST_TTL", Int32(0)))
      case .v6:
        Int(
          try SystemSocket.get(
            descriptor, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", Int32(0)))
      }
    }
  }

  /// - Parameter hops: 0 (this machine) ... 255.
  /// - Throws: `IOError` with `EINVAL` for other numbers.
  public func setMulticastTimeToLive(_ hops: Int) throws(IOError) {
    // -1 would be the system's own number.
    guard hops >= 0 else { throw IOError(operation: "set the multicast time to live", code: EINVAL) }
    let hops = Int32(clamping: hops)
    switch try SystemSocket.family(descriptor) {
    case .v4:
      try SystemSocket.set(descriptor, Int32(IPPROTO_IP), IP_MULTICAST_TTL, "IP_MULTICAST_TTL", to: hops)
    case .v6:
      try SystemSocket.set(
        descriptor, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", to: hops)
    }
  }

  private func request(_ group: UInt32, _ interface: NetworkInterface) throws(IOError) -> ip_mreqn {
    ip_mreqn(
      imr_multiaddr: in_addr(s_addr: group.bigEndian), imr_address: in_addr(s_addr: 0),
      imr_ifindex: Int32(bitPattern: try interface.index()))
  }

  private func request(_ group: IPAddress, _ interface: NetworkInterface) throws(IOError) -> ipv6_mreq {
    var index = try interface.index()
    if interface == .any, case .v6(_, _, let scope) = group.value { index = scope }
    return unsafe ipv6_mreq(ipv6mr_multiaddr: group.in6.unsafelyUnwrapped, ipv6mr_interface: index)
  }
}
