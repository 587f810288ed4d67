// Datagrams.

internal import CURing
internal import Glibc

/// A datagram that was received: its bytes are in the front of the buffer that was given.
public struct Datagram: Sendable, Hashable {
  /// How many of its bytes are in the buffer.
  public let count: Int
  /// How many it had.
  public let length: Int
  /// Where it came from.
  public let sender: SocketAddress

  /// Whether the buffer was too small: the rest is lost, if this was no peek.
  public var isTruncated: Bool { length > count }
}

/// A UDP socket with one owner, closed when that goes.
///
/// Its methods borrow it: several tasks may use it at the same time. What waits must be called in a task of a runtime, and traps
/// elsewhere; a cancelled wait has lost nothing: a datagram that had been received by then is returned.
public struct UDPSocket: ~Copyable, Sendable, BindableSocket {
  public let descriptor: Int32

  /// A socket that is not bound: for options that must be set before. It is bound by `bind(to:)`, or, to some free port, by its first
  /// send.
  public init(_ family: IPFamily) throws(IOError) {
    descriptor = try SystemSocket.make(family, SOCK_DGRAM)
  }

  /// A socket that is bound to `address`. With port 0 the kernel chooses one: see `localAddress`.
  ///
  /// - Parameters:
  ///   - reusesAddress: Whether others may be bound to it as well, as several receivers of a multicast group are.
  ///   - reusesPort: The same, and the kernel spreads what comes among them.
  /// - Throws: `IOError` for the call that failed: `EADDRINUSE`, `EADDRNOTAVAIL`, `EMFILE`, ...
  public init(
    at address: SocketAddress, reusesAddress: Bool = false, reusesPort: Bool = false
  ) throws(IOError) {
    let socket = try UDPSocket(address.family)
    if reusesAddress { try socket.setReusesAddress(true) }
    if reusesPort { try socket.setReusesPort(true) }
    try socket.bind(to: address)
    self = socket
  }

  /// Takes a UDP socket over. It is made blocking (`O_NONBLOCK` is taken away): waiting is the ring's business.
  ///
  /// - Throws: `IOError`, and then the descriptor stays the caller's, as it was: `ENOTSOCK`; `EPROTOTYPE`, `EAFNOSUPPORT` if it is another
  ///   kind of socket.
  public init(adopting descriptor: Int32) throws(IOError) {
    try SystemSocket.requireKind(descriptor, SOCK_DGRAM)
    try SystemSocket.makeBlocking(descriptor)
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  /// Gives the descriptor away, open: it is the caller's to close.
  public consuming func release() -> Int32 {
    let descriptor = self.descriptor
    discard self
    return descriptor
  }

  /// Settles the peer: `send(_:)` goes there, and only its datagrams are received. Does not wait, since nothing is sent; may
  /// be repeated with another.
  public func connect(to address: SocketAddress) throws(IOError) {
    let descriptor = descriptor
    unsafe try SystemSocket.check(
      "connect", address.withKernelAddress { unsafe Glibc.connect(descriptor, $0, $1) })
  }

  /// The peer that `connect(to:)` settled.
  ///
  /// - Throws: `IOError` with `ENOTCONN` if there is none.
  public var peerAddress: SocketAddress {
    get throws(IOError) { try SystemSocket.peerAddress(descriptor) }
  }

  // MARK: Sending

  /// Sends one datagram to the peer, whole; waits for room.
  ///
  /// - Throws: `IOError`: `EDESTADDRREQ` without a peer; `EMSGSIZE` if it is too large; `ECONNREFUSED` if an earlier one found
  ///   nobody there; `isCancelled` if it was not sent.
  nonisolated(nonsending) public func send(_ bytes: RawSpan) async throws(IOError) {
    let sent = try await StreamBytes.send(descriptor, bytes, from: 0)
    assert(sent == bytes.byteCount, "a datagram was cut")
  }

  /// Sends one datagram to `address`, whole; waits for room. Errors as in `send(_:)`; `EACCES` for a broadcast address that was not
  /// allowed.
  nonisolated(nonsending) public func send(_ bytes: RawSpan, to address: SocketAddress) async throws(IOError)
  {
    let descriptor = descriptor
    let loop = unsafe LoopState.current(for: "send")
    // The kernel reads the header when the entry is submitted, or later: after this task has suspended.
    let message = unsafe loop.pointee.reactor.messages.take(for: address)
    defer { unsafe loop.pointee.reactor.messages.give(back: message) }
    // Sound: the caller's borrow of the bytes lasts until this returns, and the kernel is done by then. It only reads what a message
    // to be sent points to.
    let (start, count) = unsafe bytes.withUnsafeBytes {
      unsafe (UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
    }
    unsafe curing_message_set(message, start, count)
    let sent = unsafe try await Operation.perform("send") { entry in
      unsafe curing_prep_send_message(entry, descriptor, message, Int32(MSG_NOSIGNAL))
    }
    assert(sent == count, "a datagram was cut")
  }

  /// Sends one datagram to the peer if there is room. One system call; works on every thread.
  ///
  /// - Returns: Whether it was sent.
  public func trySend(_ bytes: RawSpan) throws(IOError) -> Bool {
    let descriptor = descriptor
    return try SystemSocket.attempt("trySend") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, dontWait) }
    } != nil
  }

  /// As `trySend(_:)`, to `address`.
  public func trySend(_ bytes: RawSpan, to address: SocketAddress) throws(IOError) -> Bool {
    let descriptor = descriptor
    return try SystemSocket.attempt("trySend") {
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe address.withKernelAddress {
          unsafe sendto(descriptor, bytes.baseAddress, bytes.count, dontWait, $0, $1)
        }
      }
    } != nil
  }

  // MARK: Receiving

  /// Waits for a datagram and receives it into the front of `buffer`.
  ///
  /// - Returns: How long it is, where it came from, and so whether the buffer was too small. It may be empty.
  /// - Throws: `IOError`: `ECONNREFUSED` if an earlier send to the peer found nobody there; `isCancelled`.
  nonisolated(nonsending) public func receive(into buffer: inout MutableRawSpan) async throws(IOError)
    -> Datagram
  {
    try await receive(into: &buffer, "receive", 0)
  }

  /// As `receive(into:)`, and leaves the datagram where it is: the next receive gives it again, whole.
  nonisolated(nonsending) public func peek(into buffer: inout MutableRawSpan) async throws(IOError)
    -> Datagram
  {
    try await receive(into: &buffer, "peek", Int32(MSG_PEEK))
  }

  nonisolated(nonsending) private func receive(
    into buffer: inout MutableRawSpan, _ name: StaticString, _ flags: Int32
  ) async throws(IOError) -> Datagram {
    let descriptor = descriptor
    let loop = unsafe LoopState.current(for: name)
    // The kernel writes the sender's address when a datagram has come, which is while this task is suspended.
    let message = unsafe loop.pointee.reactor.messages.take(for: nil)
    defer { unsafe loop.pointee.reactor.messages.give(back: message) }
    // Sound: the caller's exclusive access to the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe buffer.withUnsafeMutableBytes { ($0.baseAddress, $0.count) }
    unsafe curing_message_set(message, start, count)
    let length = unsafe try await Operation.perform(name) { entry in
      // With MSG_TRUNC the result is how long the datagram was.
      unsafe curing_prep_receive_message(entry, descriptor, message, flags | Int32(MSG_TRUNC))
    }
    guard let sender = unsafe SocketAddress(message.pointee.address) else {
      throw IOError(operation: name.description, code: EAFNOSUPPORT)
    }
    return Datagram(count: min(length, count), length: length, sender: sender)
  }

  /// Receives a datagram if one is there. One system call; works on every thread.
  ///
  /// - Returns: nil if none is.
  public func tryReceive(into buffer: inout MutableRawSpan) throws(IOError) -> Datagram? {
    try tryReceive(into: &buffer, "tryReceive", 0)
  }

  /// As `tryReceive(into:)`, and leaves the datagram where it is.
  public func tryPeek(into buffer: inout MutableRawSpan) throws(IOError) -> Datagram? {
    try tryReceive(into: &buffer, "tryPeek", Int32(MSG_PEEK))
  }

  private func tryReceive(
    into buffer: inout MutableRawSpan, _ name: StaticString, _ flags: Int32
  ) throws(IOError) -> Datagram? {
    let descriptor = descriptor
    let flags = flags | Int32(MSG_TRUNC | MSG_DONTWAIT)
    let (start, count) = unsafe buffer.withUnsafeMutableBytes { ($0.baseAddress, $0.count) }
    var address = sockaddr_storage()
    // Sound: the call is over before this function, and so the caller's exclusive access to the bytes.
    let length = try SystemSocket.attempt(name) {
      var size = sockaddrStorageSize
      return unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe recvfrom(descriptor, start, count, flags, $0, &size)
        }
      }
    }
    guard let length else { return nil }
    guard let sender = SocketAddress(address) else {
      throw IOError(operation: name.description, code: EAFNOSUPPORT)
    }
    return Datagram(count: min(length, count), length: length, sender: sender)
  }
}
