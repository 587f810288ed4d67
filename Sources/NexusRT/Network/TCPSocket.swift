// A TCP socket that is neither connected nor listening yet: options are set here that must be set before.

internal import CURing
internal import Glibc

/// A TCP socket before it becomes a `TCPStream` (by `connect`) or a `TCPListener` (by `listen`). Closed when its value goes.
///
/// ```swift
/// let socket = try TCPSocket(.v4)
/// try socket.setReusesPort(true)
/// try socket.bind(to: .loopback(port: 9000))
/// let listener = try socket.listen(backlog: 1024)
/// ```
public struct TCPSocket: ~Copyable, Sendable, BindableSocket, TCPOptions {
  public let descriptor: Int32

  /// - Throws: `IOError` of "socket": `EMFILE` if the process is out of descriptors, `EAFNOSUPPORT` without IPv6.
  public init(_ family: IPFamily) throws(IOError) {
    descriptor = try SystemSocket.make(family, SOCK_STREAM)
  }

  deinit { _ = close(descriptor) }

  /// Connects, and waits until the peer has agreed. If that fails the socket is closed.
  ///
  /// - Throws: `IOError`: `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH`, `EADDRNOTAVAIL`, ...; `isCancelled` if the
  ///   task, or a scope or time limit around this, was cancelled first. A connection that was made all the same is returned;
  ///   one that was half made is not, and the peer may accept it and find it closed.
  ///
  /// The kernel gives up after minutes only: put `withTimeout` around it. Traps outside a task of a runtime.
  nonisolated(nonsending) public consuming func connect(to address: SocketAddress) async throws(IOError)
    -> TCPStream
  {
    let descriptor = self.descriptor
    do throws(IOError) {
      let loop = unsafe LoopState.current(for: "connect")
      // The kernel reads the address when the entry is submitted, which is after this task has suspended.
      let message = unsafe loop.pointee.reactor.messages.take(for: address)
      defer { unsafe loop.pointee.reactor.messages.give(back: message) }
      _ = unsafe try await Operation.perform("connect") { entry in
        unsafe curing_prep_connect(entry, descriptor, message)
      }
    } catch {
      // Refused as already connected: the first try was interrupted, began anew, and had succeeded.
      guard error.code == EISCONN else {
        _ = consume self
        throw error
      }
    }
    discard self
    return TCPStream(connected: descriptor, to: address)
  }

  /// Makes it a listener.
  ///
  /// - Parameter backlog: How many connections may wait to be accepted; the kernel takes no more than the sysctl
  ///   `net.core.somaxconn`.
  /// - Throws: `IOError`; the socket is closed then.
  public consuming func listen(backlog: Int32 = 128) throws(IOError) -> TCPListener {
    let descriptor = self.descriptor
    let address: SocketAddress
    do throws(IOError) {
      try SystemSocket.check("listen", Glibc.listen(descriptor, backlog))
      address = try SystemSocket.localAddress(descriptor)
    } catch {
      _ = consume self
      throw error
    }
    discard self
    return TCPListener(listening: descriptor, at: address)
  }
}
