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
  /// - Throws: `IOError` with `ENODEV` if this machine has no such interface.
  func index() throws(IOError) -> UInt32 {
    let found: UInt32? =
      switch self {
      case .any: 0
      case .named(let name): unsafe name.hasNUL ? 0 : if_nametoindex(name)
      case .index(let index): index
      case .address(let address): try NetworkInterface.index(of: address)
      }
    guard let found, found != 0 || self == .any else {
      throw IOError(operation: "find the network interface \(self)", code: ENODEV)
    }
    return found
  }

  private static func index(of wanted: IPAddress) throws(IOError) -> UInt32? {
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
      return unsafe if_nametoindex(entry.pointee.ifa_name)
    }
    return nil
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
