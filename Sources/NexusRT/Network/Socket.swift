// What all sockets have in common: where they are, and options that every one has.

internal import Glibc

/// A socket of any kind.
public protocol Socket: ~Copyable {
  /// The descriptor, for system calls that are not offered. Valid while the socket is; closed by nobody but it.
  var descriptor: Int32 { get }
}

extension Socket where Self: ~Copyable {
  /// Where this socket is: the address it was bound to, with the port that the kernel chose.
  public var localAddress: SocketAddress {
    get throws(IOError) { try SystemSocket.localAddress(descriptor) }
  }

  /// What went wrong with the socket and was not told by an operation yet (`SO_ERROR`); nil if nothing. Asking clears it.
  public func takeError() throws(IOError) -> IOError? {
    let code = try SystemSocket.get(descriptor, SOL_SOCKET, SO_ERROR, "SO_ERROR", Int32(0))
    return code == 0 ? nil : IOError(operation: "socket", code: code)
  }

  /// How many routers a packet may pass (`IP_TTL`, `IPV6_UNICAST_HOPS`).
  public var timeToLive: Int {
    get throws(IOError) {
      switch try SystemSocket.family(descriptor) {
      case .v4: Int(try SystemSocket.get(descriptor, Int32(IPPROTO_IP), IP_TTL, "IP_TTL", Int32(0)))
      case .v6:
        Int(
          try SystemSocket.get(
            descriptor, Int32(IPPROTO_IPV6), IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", Int32(0)))
      }
    }
  }

  /// On an IPv6 socket it holds for IPv4 peers as well.
  ///
  /// - Parameter hops: 1 ... 255.
  /// - Throws: `IOError` with `EINVAL` for other numbers.
  public func setTimeToLive(_ hops: Int) throws(IOError) {
    // -1 would be the system's own number, and 0 nothing that leaves this machine.
    guard hops > 0 else { throw IOError(operation: "set the time to live", code: EINVAL) }
    let hops = Int32(clamping: hops)
    switch try SystemSocket.family(descriptor) {
    case .v4: try SystemSocket.set(descriptor, Int32(IPPROTO_IP), IP_TTL, "IP_TTL", to: hops)
    case .v6:
      try SystemSocket.set(descriptor, Int32(IPPROTO_IPV6), IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", to: hops)
      try SystemSocket.set(descriptor, Int32(IPPROTO_IP), IP_TTL, "IP_TTL", to: hops)
    }
  }

  /// Bytes of the kernel's buffer for what was sent and is still here (`SO_SNDBUF`). Linux doubles what it was told, for its own
  /// bookkeeping, and tells the double.
  public var sendBufferSize: Int {
    get throws(IOError) {
      Int(try SystemSocket.get(descriptor, SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", Int32(0)))
    }
  }

  /// The kernel takes no more than the sysctl `net.core.wmem_max`, and says nothing.
  public func setSendBufferSize(_ bytes: Int) throws(IOError) {
    try SystemSocket.set(descriptor, SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", to: Int32(clamping: bytes))
  }

  /// Bytes of the kernel's buffer for what has come and was not received (`SO_RCVBUF`); doubled, as that for sending.
  public var receiveBufferSize: Int {
    get throws(IOError) {
      Int(try SystemSocket.get(descriptor, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", Int32(0)))
    }
  }

  /// The kernel takes no more than the sysctl `net.core.rmem_max`, and says nothing. For TCP set it before connecting or
  /// listening: the window's scale is settled then.
  public func setReceiveBufferSize(_ bytes: Int) throws(IOError) {
    try SystemSocket.set(descriptor, SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", to: Int32(clamping: bytes))
  }

  func flag(_ level: Int32, _ option: Int32, _ name: StaticString) throws(IOError) -> Bool {
    try SystemSocket.get(descriptor, level, option, name, Int32(0)) != 0
  }

  func setFlag(_ level: Int32, _ option: Int32, _ name: StaticString, _ isOn: Bool) throws(IOError) {
    try SystemSocket.set(descriptor, level, option, name, to: Int32(isOn ? 1 : 0))
  }
}

/// A socket whose address others may use beside it. All is to be set before it is bound.
public protocol BindableSocket: Socket, ~Copyable {}

extension BindableSocket where Self: ~Copyable {
  /// Whether an address may be bound again (`SO_REUSEADDR`): for TCP while connections of its last owner are running out, for UDP
  /// also while others are bound to it, as several receivers of one multicast group on a machine are.
  public var reusesAddress: Bool {
    get throws(IOError) { try flag(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR") }
  }

  public func setReusesAddress(_ isOn: Bool) throws(IOError) {
    try setFlag(SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", isOn)
  }

  /// Whether several sockets may share one address and port, among which the kernel spreads what comes
  /// (`SO_REUSEPORT`): a listener in each of several runtimes.
  public var reusesPort: Bool {
    get throws(IOError) { try flag(SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT") }
  }

  public func setReusesPort(_ isOn: Bool) throws(IOError) {
    try setFlag(SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", isOn)
  }

  /// Whether an IPv6 socket leaves IPv4 alone (`IPV6_V6ONLY`); otherwise one that is bound to `::` serves both.
  public var isIPv6Only: Bool {
    get throws(IOError) { try flag(Int32(IPPROTO_IPV6), IPV6_V6ONLY, "IPV6_V6ONLY") }
  }

  public func setIPv6Only(_ isOn: Bool) throws(IOError) {
    try setFlag(Int32(IPPROTO_IPV6), IPV6_V6ONLY, "IPV6_V6ONLY", isOn)
  }

  /// Gives the socket its address.
  ///
  /// - Throws: `IOError` with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, ...
  public func bind(to address: SocketAddress) throws(IOError) {
    try SystemSocket.bind(descriptor, to: address)
  }
}
