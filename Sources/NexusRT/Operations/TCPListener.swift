// TCP: a listening socket and the connections it accepts.

internal import CNexus
internal import CURing
internal import Glibc

/// A TCP socket that accepts connections, closed when its value goes.
public struct TCPListener: ~Copyable {
  /// The descriptor, for system calls this type does not offer.
  public let descriptor: Int32
  /// The port it listens on: the one asked for, or the one the kernel chose for 0.
  public let port: UInt16

  deinit { _ = close(descriptor) }

  /// Binds and listens. Synchronous: a host name that is not numeric is looked up now.
  ///
  /// - Parameters:
  ///   - host: A numeric address or a name; empty for every address of this machine.
  ///   - port: 0 lets the kernel choose.
  ///   - backlog: How many connections may wait to be accepted.
  /// - Throws: `IOError` for the call that failed: `EADDRINUSE`, `EACCES`, ...; `ENOENT` of "look up" if the host is
  ///   unknown.
  public init(host: String, port: UInt16, backlog: Int32 = 128) throws(IOError) {
    var error = IOError(operation: "look up \(host)", code: ENOENT)
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &found) == 0 else {
      throw error
    }
    defer { unsafe freeaddrinfo(found) }
    var next = unsafe found
    while let info = unsafe next {
      unsafe next = info.pointee.ai_next
      let socket = unsafe Glibc.socket(
        info.pointee.ai_family, info.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue),
        info.pointee.ai_protocol)
      guard socket >= 0 else {
        error = IOError(operation: "socket", code: errno)
        continue
      }
      var yes: Int32 = 1
      unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
      if unsafe bind(socket, info.pointee.ai_addr, info.pointee.ai_addrlen) != 0 {
        error = IOError(operation: "bind", code: errno)
      } else if listen(socket, backlog) != 0 {
        error = IOError(operation: "listen", code: errno)
      } else {
        descriptor = socket
        self.port = TCPListener.port(of: socket)
        return
      }
      _ = close(socket)
    }
    throw error
  }

  private static func port(of socket: Int32) -> UInt16 {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return unsafe withUnsafeMutableBytes(of: &address) { bytes in
      let start = bytes.baseAddress!
      guard unsafe getsockname(socket, start.assumingMemoryBound(to: sockaddr.self), &length) == 0 else {
        return 0
      }
      // The port is at the same place for IPv4 and IPv6, in network order.
      return unsafe UInt16(bigEndian: start.load(fromByteOffset: 2, as: UInt16.self))
    }
  }

  /// Waits for a connection and accepts it.
  ///
  /// - Throws: `IOError`; `isCancelled` if the task was cancelled and no connection had been accepted. `EMFILE` when the
  ///   process is out of descriptors: the connection waits on, close something and accept again.
  nonisolated(nonsending) public borrowing func accept() async throws(IOError) -> TCPStream {
    let descriptor = self.descriptor
    let accepted = unsafe try await Operation.perform("accept") { entry in
      unsafe curing_prep_accept(entry, descriptor, Int32(SOCK_CLOEXEC.rawValue))
    }
    return TCPStream(owning: Int32(accepted))
  }
}
