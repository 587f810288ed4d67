// Why a text is no address, in sentences that say what to do.

/// Why an address could not be made.
public enum AddressError: Error, Equatable, Hashable, Sendable, CustomStringConvertible {
  /// The text is no numeric IPv4 or IPv6 address. It may be a name.
  case notNumeric(String)
  /// There is no port behind the address.
  case noPort(String)
  /// What stands behind the address is no port.
  case badPort(String)
  /// An IPv6 address with a port lacks its brackets.
  case noBrackets(String)
  /// What stands behind `%` is no network interface of this machine, or the process has no descriptor left to look for it with.
  case unknownInterface(String)
  /// The name has no address, for the reason that the system's resolver gave.
  case unknownHost(String, reason: String)

  public var description: String {
    switch self {
    case .notNumeric(let text):
      "'\(text)' is not a numeric address: write one, such as 127.0.0.1 or ::1; for a name call SocketAddress.lookUp(host:port:)"
    case .noPort(let text):
      "'\(text)' has no port: add one, as in 127.0.0.1:8080 or [::1]:8080; with port 0 the kernel chooses"
    case .badPort(let text): "'\(text)' is not a port: write a number from 0 to 65535"
    case .noBrackets(let text):
      "'\(text)' may be an address alone or one with a port: write brackets around it, as in [::1]:8080"
    case .unknownInterface(let text):
      "'\(text)' is not a network interface of this machine: write its name or its index (ip link lists them)"
    case .unknownHost(let host, let reason): "the host '\(host)' was not found: \(reason)"
    }
  }
}
