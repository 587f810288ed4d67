// The calls around sockets that never wait, with typed errors: made, bound, asked, set, adopted.

internal import CURing
internal import Glibc

enum SystemSocket {
  static func make(_ family: IPFamily, _ type: __socket_type) throws(IOError) -> Int32 {
    let descriptor = Glibc.socket(family.number, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw IOError(operation: "socket", code: errno) }
    return descriptor
  }

  static func bind(_ descriptor: Int32, to address: SocketAddress) throws(IOError) {
    unsafe try check("bind", address.withKernelAddress { unsafe Glibc.bind(descriptor, $0, $1) })
  }

  /// Where the socket itself is.
  static func localAddress(_ descriptor: Int32) throws(IOError) -> SocketAddress {
    unsafe try address(of: descriptor, "getsockname", Glibc.getsockname)
  }

  /// Where the other end is.
  static func peerAddress(_ descriptor: Int32) throws(IOError) -> SocketAddress {
    unsafe try address(of: descriptor, "getpeername", Glibc.getpeername)
  }

  private static func address(
    of descriptor: Int32, _ name: String,
    _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) throws(IOError) -> SocketAddress {
    var address = sockaddr_storage()
    var length = sockaddrStorageSize
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call(descriptor, $0, &length)
      }
    }
    try check(name, code)
    guard let address = SocketAddress(address) else { throw IOError(operation: name, code: EAFNOSUPPORT) }
    return address
  }

  // MARK: Options

  static func set<Value>(
    _ descriptor: Int32, _ level: Int32, _ option: Int32, _ name: StaticString, to value: Value
  ) throws(IOError) {
    let code = unsafe withUnsafeBytes(of: value) {
      unsafe setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count))
    }
    if code != 0 { throw lastError("set ", name) }
  }

  static func get<Value: BitwiseCopyable>(
    _ descriptor: Int32, _ level: Int32, _ option: Int32, _ name: StaticString, _ initial: Value
  ) throws(IOError) -> Value {
    var value = initial
    var size = socklen_t(MemoryLayout<Value>.size)
    let code = unsafe getsockopt(descriptor, level, option, &value, &size)
    if code != 0 { throw lastError("get ", name) }
    return value
  }

  static func family(_ descriptor: Int32) throws(IOError) -> IPFamily {
    switch try get(descriptor, SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN", Int32(0)) {
    case AF_INET: return .v4
    case AF_INET6: return .v6
    default: throw IOError(operation: "adopt", code: EAFNOSUPPORT)
    }
  }

  // MARK: Adopting

  /// Checks that a descriptor is an internet socket of this type. Changes nothing.
  static func requireKind(_ descriptor: Int32, _ type: __socket_type) throws(IOError) {
    let found = try get(descriptor, SOL_SOCKET, SO_TYPE, "SO_TYPE", Int32(0))
    guard found == Int32(type.rawValue) else { throw IOError(operation: "adopt", code: EPROTOTYPE) }
    _ = try family(descriptor)
  }

  /// Has a socket block: the ring then waits where a call would have, and where the call would have refused to wait the ring does
  /// too. The last step of an adoption, since the descriptor stays as it was if that fails.
  static func makeBlocking(_ descriptor: Int32) throws(IOError) {
    let flags = fcntl(descriptor, F_GETFL)
    try check("fcntl", flags)
    if flags & O_NONBLOCK != 0 { try check("fcntl", fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)) }
  }

  // MARK: Without waiting

  /// What a call with MSG_DONTWAIT returned; nil if it would have had to wait.
  static func attempt(_ name: StaticString, _ call: () -> Int) throws(IOError) -> Int? {
    while true {
      let count = call()
      if count >= 0 { return count }
      switch errno {
      case EAGAIN: return nil
      case EINTR: continue
      default: throw lastError("", name)
      }
    }
  }

  /// Whether a receive or an accept would not wait now.
  static func isReadable(_ descriptor: Int32) -> Bool {
    var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&question, 1, 0) == 1
  }

  /// The C library's number of what went wrong, read first: making a text may allocate and so change it.
  private static func lastError(_ prefix: String, _ name: StaticString) -> IOError {
    let code = errno
    return IOError(operation: prefix + name.description, code: code)
  }

  static func check(_ name: String, _ code: Int32) throws(IOError) {
    if code < 0 { throw IOError(operation: name, code: errno) }
  }
}
