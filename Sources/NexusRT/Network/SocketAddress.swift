// An address and a port: where a socket is, or is to go.

internal import CURing
internal import Glibc

/// An IPv4 or IPv6 address with a port.
///
/// ```swift
/// try SocketAddress("192.168.0.1:8080")
/// try SocketAddress("[::1]:8080")
/// SocketAddress.loopback(port: 0)  // the kernel chooses the port
/// ```
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  public var host: IPAddress
  /// 0, where a socket is bound: a free port that the kernel chooses. The socket's `localAddress` tells which.
  public var port: UInt16

  public init(host: IPAddress, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `192.168.0.1:8080`, `[::1]:8080` or `[fe80::1%eth0]:8080`.
  ///
  /// - Throws: `AddressError`, which says what to write instead. Names are not looked up: `lookUp(host:port:)`.
  public init(_ text: String) throws(AddressError) {
    if text.first == "[", let end = text.firstIndex(of: "]") {
      let rest = text[text.index(after: end)...]
      host = try IPAddress(String(text[text.index(after: text.startIndex)..<end]))
      guard !rest.isEmpty else { throw .noPort(text) }
      guard rest.first == ":" else { throw .badPort(String(rest)) }
      port = try SocketAddress.port(rest.dropFirst())
      return
    }
    guard let colon = text.lastIndex(of: ":") else {
      // Which of the two is missing?
      _ = try IPAddress(text)
      throw .noPort(text)
    }
    if text[..<colon].contains(":") { throw .noBrackets(text) }
    host = try IPAddress(String(text[..<colon]))
    port = try SocketAddress.port(text[text.index(after: colon)...])
  }

  private static func port(_ text: Substring) throws(AddressError) -> UInt16 {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(text) else {
      throw .badPort(String(text))
    }
    return port
  }

  /// This machine to itself. Port 0 lets the kernel choose one.
  public static func loopback(_ family: IPFamily = .v4, port: UInt16) -> SocketAddress {
    SocketAddress(host: .loopback(family), port: port)
  }

  /// Every address of this machine. Port 0 lets the kernel choose one.
  public static func any(_ family: IPFamily = .v4, port: UInt16) -> SocketAddress {
    SocketAddress(host: .any(family), port: port)
  }

  public var family: IPFamily { host.family }

  /// As `init(_:)` reads it.
  public var description: String {
    family == .v4 ? "\(host):\(port)" : "[\(host)]:\(port)"
  }

  /// The addresses of a host, by name or in numbers, in the order in which they should be tried; an empty name stands for this
  /// machine's addresses to bind to.
  ///
  /// Asks the system's resolver (`getaddrinfo`), which blocks the thread, possibly for seconds: in a task call it through
  /// `spawnBlocking`.
  ///
  /// - Throws: `AddressError.unknownHost`.
  public static func lookUp(host: String, port: UInt16) throws(AddressError) -> [SocketAddress] {
    if host.hasNUL { throw .unknownHost(host, reason: "a name has no NUL in it") }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found)
    guard code == 0 else {
      throw .unknownHost(
        host, reason: unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "\(code)")
    }
    defer { unsafe freeaddrinfo(found) }
    var addresses: [SocketAddress] = []
    var next = unsafe found
    while let info = unsafe next {
      unsafe next = info.pointee.ai_next
      guard let address = unsafe info.pointee.ai_addr else { continue }
      var copy = sockaddr_storage()
      let count = unsafe min(Int(info.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
      unsafe memcpy(&copy, address, count)
      if let address = SocketAddress(copy) { addresses.append(address) }
    }
    return addresses
  }

  // MARK: As the kernel has it

  /// The address as the kernel gave it; nil if it is of neither family.
  init?(_ address: sockaddr_storage) {
    // Sound: the family says what the storage holds, and it is large enough and aligned for every kind.
    switch Int32(address.ss_family) {
    case AF_INET:
      let v4 = unsafe withUnsafeBytes(of: address) { unsafe $0.load(as: sockaddr_in.self) }
      host = IPAddress(.v4(UInt32(bigEndian: v4.sin_addr.s_addr)))
      port = UInt16(bigEndian: v4.sin_port)
    case AF_INET6:
      let v6 = unsafe withUnsafeBytes(of: address) { unsafe $0.load(as: sockaddr_in6.self) }
      host = IPAddress(v6.sin6_addr, scope: v6.sin6_scope_id)
      port = UInt16(bigEndian: v6.sin6_port)
    default: return nil
    }
  }

  /// Writes the address as the kernel wants it and returns how many bytes of it count.
  func store(to address: inout sockaddr_storage) -> socklen_t {
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      switch host.value {
      case .v4(let bits):
        let v4 = sockaddr_in(
          sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
          sin_addr: in_addr(s_addr: bits.bigEndian),
          sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
        unsafe bytes.storeBytes(of: v4, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      case .v6(_, _, let scope):
        let v6 = sockaddr_in6(
          sin6_family: sa_family_t(AF_INET6), sin6_port: port.bigEndian, sin6_flowinfo: 0,
          sin6_addr: host.in6!,
          sin6_scope_id: scope)
        unsafe bytes.storeBytes(of: v6, as: sockaddr_in6.self)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
      }
    }
  }

  /// Calls `body` with the address as the kernel wants it.
  func withKernelAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_storage()
    let length = store(to: &address)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }
}
