// Which network interface of this machine.

internal import CURing
internal import Glibc

/// A network interface, named in one of the usual ways.
public enum NetworkInterface: Sendable, Hashable {
  /// The one the kernel's routes lead to.
  case any
  /// By name: "eth0", "lo".
  case named(String)
  /// By its index, from 1 on.
  case index(UInt32)
  /// The one that has this address.
  case address(IPAddress)

  /// The kernel's number of it; 0 for `any`.
  ///
  /// - Throws: `IOError` with `ENODEV` if this machine has no such interface; `EMFILE`, ... if it can not be looked for.
  func index() throws(IOError) -> UInt32 {
    switch self {
    case .any: 0
    case .named(let name): try NetworkInterface.index(of: name)
    case .index(0): throw NetworkInterface.notFound(self, ENODEV)
    case .index(let index): index
    case .address(let address): try NetworkInterface.index(of: address)
    }
  }

  /// The index of the interface with a name.
  static func index(of name: String) throws(IOError) -> UInt32 {
    if name.hasNUL { throw notFound(.named(name), ENODEV) }
    let index = unsafe if_nametoindex(name)
    if index != 0 { return index }
    let code = errno
    // The C library asks through a socket. If it got none its error is not that one's.
    if code != ENODEV { _ = close(try SystemSocket.make(.v4, SOCK_DGRAM)) }
    throw notFound(.named(name), code)
  }

  private static func notFound(_ interface: NetworkInterface, _ code: Int32) -> IOError {
    IOError(operation: "find the network interface \(interface)", code: code)
  }

  private static func index(of wanted: IPAddress) throws(IOError) -> UInt32 {
    var list: UnsafeMutablePointer<ifaddrs>?
    unsafe try SystemSocket.check("getifaddrs", getifaddrs(&list))
    defer { unsafe freeifaddrs(list) }
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let address = unsafe entry.pointee.ifa_addr else { continue }
      var copy = sockaddr_storage()
      switch unsafe Int32(address.pointee.sa_family) {
      case AF_INET: unsafe memcpy(&copy, address, MemoryLayout<sockaddr_in>.size)
      case AF_INET6: unsafe memcpy(&copy, address, MemoryLayout<sockaddr_in6>.size)
      default: continue
      }
      guard let host = SocketAddress(copy)?.host, host.isSameMachine(as: wanted) else { continue }
      return unsafe try index(of: String(cString: entry.pointee.ifa_name))
    }
    throw notFound(.address(wanted), ENODEV)
  }
}

extension IPAddress {
  /// Whether both are one address; one that does not say where it is valid may be valid anywhere.
  fileprivate func isSameMachine(as other: IPAddress) -> Bool {
    guard case .v6(let high, let low, let scope) = value,
      case .v6(let otherHigh, let otherLow, let otherScope) = other.value
    else { return self == other }
    return high == otherHigh && low == otherLow && (scope == otherScope || scope == 0 || otherScope == 0)
  }
}
