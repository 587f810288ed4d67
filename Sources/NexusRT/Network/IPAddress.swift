// An address of a machine: IPv4 or IPv6.

internal import Glibc

/// Which internet protocol.
public enum IPFamily: Sendable, Hashable {
  case v4
  case v6

  var number: Int32 { self == .v4 ? AF_INET : AF_INET6 }
}

/// An IPv4 or IPv6 address, without a port.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  enum Value: Hashable {
    /// In the machine's byte order.
    case v4(UInt32)
    /// In the machine's byte order; the scope is the index of an interface, 0 for none.
    case v6(high: UInt64, low: UInt64, scope: UInt32)
  }

  let value: Value

  init(_ value: Value) { self.value = value }

  /// An IPv4 address: `IPAddress(127, 0, 0, 1)`.
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    value = .v4(UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// Reads `192.168.0.1`, `::1`, `fe80::1%eth0` (an interface by name) or `fe80::1%2` (by index).
  ///
  /// - Throws: `AddressError`, which says what to write instead. Names are not looked up: `SocketAddress.lookUp`.
  public init(_ text: String) throws(AddressError) {
    var v4 = in_addr()
    if unsafe !text.hasNUL && inet_pton(AF_INET, text, &v4) == 1 {
      self.init(.v4(UInt32(bigEndian: v4.s_addr)))
      return
    }
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var v6 = in6_addr()
    let numbers = String(parts[0])
    guard unsafe !numbers.hasNUL && inet_pton(AF_INET6, numbers, &v6) == 1 else { throw .notNumeric(text) }
    var scope: UInt32 = 0
    if parts.count == 2 {
      let name = String(parts[1])
      scope = UInt32(name) ?? (try? NetworkInterface.index(of: name)) ?? 0
      if scope == 0 { throw .unknownInterface(name) }
    }
    self.init(v6, scope: scope)
  }

  init(_ v6: in6_addr, scope: UInt32) {
    let (high, low) = unsafe withUnsafeBytes(of: v6) { bytes in
      unsafe (bytes.load(as: UInt64.self), bytes.load(fromByteOffset: 8, as: UInt64.self))
    }
    value = .v6(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), scope: scope)
  }

  /// This address as the kernel has it; nil if it is IPv4.
  var in6: in6_addr? {
    guard case .v6(let high, let low, _) = value else { return nil }
    var address = in6_addr()
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return address
  }

  public var family: IPFamily {
    if case .v4 = value { .v4 } else { .v6 }
  }

  /// Every address of this machine (0.0.0.0 or ::), to bind to.
  public static func any(_ family: IPFamily) -> IPAddress {
    IPAddress(family == .v4 ? .v4(0) : .v6(high: 0, low: 0, scope: 0))
  }

  /// This machine's own address to itself (127.0.0.1 or ::1).
  public static func loopback(_ family: IPFamily) -> IPAddress {
    IPAddress(family == .v4 ? .v4(0x7F00_0001) : .v6(high: 0, low: 1, scope: 0))
  }

  /// 255.255.255.255: every machine of the local network.
  public static var broadcast: IPAddress { IPAddress(.v4(.max)) }

  /// Whether it is a group that sockets join.
  public var isMulticast: Bool {
    switch value {
    case .v4(let bits): bits >> 28 == 0xE
    case .v6(let high, _, _): high >> 56 == 0xFF
    }
  }

  public var isLoopback: Bool {
    switch value {
    case .v4(let bits): bits >> 24 == 127
    case .v6(let high, let low, _): high == 0 && low == 1
    }
  }

  /// The usual text, which `init(_:)` reads again. An interface is given by its index.
  public var description: String {
    // Longer than any address of either kind.
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let room = socklen_t(text.count)
    switch value {
    case .v4(let bits):
      var address = in_addr(s_addr: bits.bigEndian)
      _ = unsafe inet_ntop(AF_INET, &address, &text, room)
    case .v6:
      var address = in6!
      _ = unsafe inet_ntop(AF_INET6, &address, &text, room)
    }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if case .v6(_, _, let scope) = value, scope != 0 { return "\(address)%\(scope)" }
    return address
  }
}

extension String {
  /// Whether the C library would see the text end too early.
  var hasNUL: Bool { utf8.contains(0) }
}
