// A listening TCP socket.

internal import CURing
internal import Glibc

/// A TCP socket that accepts connections, closed when its value goes.
public struct TCPListener: ~Copyable, Sendable, Socket {
  public let descriptor: Int32
  /// The address it listens on, with the port that the kernel chose if it was asked to.
  public let localAddress: SocketAddress

  /// The port it listens on.
  public var port: UInt16 { localAddress.port }

  init(listening descriptor: Int32, at address: SocketAddress) {
    self.descriptor = descriptor
    localAddress = address
  }

  /// Binds and listens. Does not wait, works on every thread. Further options are set on a `TCPSocket`, which listens in the same
  /// way; the connections inherit its buffer sizes, its `noDelay`, `keepAlive` and `linger`.
  ///
  /// - Parameters:
  ///   - address: With port 0 the kernel chooses one: see `localAddress`.
  ///   - backlog: How many connections may wait to be accepted.
  ///   - reusesAddress: Whether the address may be bound while connections of its last owner are running out.
  ///   - reusesPort: Whether several listeners may share the port; the kernel spreads connections among them.
  /// - Throws: `IOError` for the call that failed: `EADDRINUSE`, `EACCES`, `EMFILE`, ...
  public init(
    at address: SocketAddress, backlog: Int32 = 128, reusesAddress: Bool = true, reusesPort: Bool = false
  ) throws(IOError) {
    let socket = try TCPSocket(address.family)
    if reusesAddress { try socket.setReusesAddress(true) }
    if reusesPort { try socket.setReusesPort(true) }
    try socket.bind(to: address)
    self = try socket.listen(backlog: backlog)
  }

  /// Binds and listens. A host name that is not numeric is looked up now, which blocks the thread.
  ///
  /// - Parameters:
  ///   - host: A numeric address or a name; empty for every address of this machine, of IPv6 and IPv4: an IPv4 peer's address then
  ///     reads `::ffff:192.0.2.1`. Without IPv6 those of IPv4 alone.
  ///   - port: 0 lets the kernel choose.
  ///   - backlog: How many connections may wait to be accepted.
  /// - Throws: `IOError` for the call that failed: `EADDRINUSE`, `EACCES`, ...; `ENOENT` of "look up" if the host is
  ///   unknown.
  public init(host: String, port: UInt16, backlog: Int32 = 128) throws(IOError) {
    if host.isEmpty {
      self = try TCPListener.everywhere(port: port, backlog: backlog)
      return
    }
    var error = IOError(operation: "look up \(host)", code: ENOENT)
    for address in (try? SocketAddress.lookUp(host: host, port: port)) ?? [] {
      do throws(IOError) {
        self = try TCPListener(at: address, backlog: backlog)
        return
      } catch let failure { error = failure }
    }
    throw error
  }

  /// On every address of both families: an IPv6 socket can serve both, an IPv4 socket can not.
  private static func everywhere(port: UInt16, backlog: Int32) throws(IOError) -> TCPListener {
    do throws(IOError) {
      let socket = try TCPSocket(.v6)
      try socket.setReusesAddress(true)
      // A sysctl (`net.ipv6.bindv6only`) may have turned it on.
      try socket.setIPv6Only(false)
      try socket.bind(to: .any(.v6, port: port))
      return try socket.listen(backlog: backlog)
    } catch {
      // Only where there is no IPv6; a port that is taken would be taken for a part of the addresses alone.
      guard error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL else { throw error }
    }
    return try TCPListener(at: .any(.v4, port: port), backlog: backlog)
  }

  /// Takes a listening TCP socket over. It is made blocking (`O_NONBLOCK` is taken away): waiting is the ring's business.
  ///
  /// - Throws: `IOError`, and then the descriptor stays the caller's, as it was: `ENOTSOCK`; `EPROTOTYPE`, `EAFNOSUPPORT` if it is another
  ///   kind of socket; `EINVAL` if it does not listen.
  public init(adopting descriptor: Int32) throws(IOError) {
    try SystemSocket.requireKind(descriptor, SOCK_STREAM)
    let listens = try SystemSocket.get(descriptor, SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN", Int32(0))
    guard listens != 0 else { throw IOError(operation: "adopt", code: EINVAL) }
    let address = try SystemSocket.localAddress(descriptor)
    try SystemSocket.makeBlocking(descriptor)
    self.init(listening: descriptor, at: address)
  }

  deinit { _ = close(descriptor) }

  /// Gives the descriptor away, open: it is the caller's to close.
  public consuming func release() -> Int32 {
    let descriptor = self.descriptor
    discard self
    return descriptor
  }

  /// Waits for a connection and accepts it. Several tasks may wait at the same time; each gets a connection of its own.
  ///
  /// - Returns: The connection; its `peerAddress` tells where it comes from.
  /// - Throws: `IOError`; `isCancelled` if the task was cancelled and there was no connection for it: a wait that is cancelled as one
  ///   comes returns it, since no other task may have been woken for it. `EMFILE` when the
  ///   process is out of descriptors, at once, also while no connection waits. One that waits goes on waiting, and no other task is
  ///   woken for it: whoever got the error should close something, or sleep a little, and accept again.
  ///
  /// Traps outside a task of a runtime.
  nonisolated(nonsending) public borrowing func accept() async throws(IOError) -> TCPStream {
    let descriptor = self.descriptor
    let loop = unsafe LoopState.current(for: "accept")
    // The kernel writes the address when it accepts, which is while this task is suspended.
    let message = unsafe loop.pointee.reactor.messages.take(for: nil)
    defer { unsafe loop.pointee.reactor.messages.give(back: message) }
    let begins = !isCancelled()
    let accepted: Int
    do throws(IOError) {
      accepted = unsafe try await Operation.perform("accept") { entry in
        unsafe curing_prep_accept(entry, descriptor, message, Int32(SOCK_CLOEXEC.rawValue))
      }
    } catch {
      // Not if it never waited: a loop of accepts is to end when its task is cancelled, however many connections come.
      guard begins, error.isCancelled else { throw error }
      accepted = unsafe try await TCPListener.acceptWhatIsThere(descriptor, message, orThrow: error)
    }
    guard let peer = unsafe SocketAddress(message.pointee.address) else {
      _ = close(Int32(accepted))
      throw IOError(operation: "accept", code: EAFNOSUPPORT)
    }
    return TCPStream(connected: Int32(accepted), to: peer)
  }

  /// Ends a wait that was cancelled.
  ///
  /// The kernel wakes one waiter for a connection. If that was this one, which was cancelled before it could take the connection,
  /// nobody else is woken: then the connection must be taken after all. Whether it was this one is not told, so whatever
  /// connection is there is taken. An attempt that finds none is for a moment a waiter that can be woken, too: look again.
  nonisolated(nonsending) private static func acceptWhatIsThere(
    _ descriptor: Int32, _ message: UnsafeMutablePointer<curing_message>, orThrow cancellation: IOError
  ) async throws(IOError) -> Int {
    var error = cancellation
    while error.isCancelled && SystemSocket.isReadable(descriptor) {
      do throws(IOError) {
        // Not accept4(2): on a blocking socket it would wait if another task were faster.
        return unsafe try await Operation.perform("accept", isAttempt: true) { entry in
          unsafe curing_prep_accept(entry, descriptor, message, Int32(SOCK_CLOEXEC.rawValue))
        }
      } catch let failure { error = failure }
    }
    throw error
  }
}
