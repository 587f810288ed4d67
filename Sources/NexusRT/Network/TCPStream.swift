// One TCP connection.

internal import CURing
internal import Glibc

/// A TCP connection with one owner, closed when that goes.
///
/// Its methods borrow it, so a task that receives and one that sends may use it at the same time, if they can both reach it; to
/// give each task an end of its own take `split()`. What waits needs a runtime; a stream may be moved from one runtime to another.
public struct TCPStream: ~Copyable, Sendable, TCPOptions, ByteReceiving, ByteSending {
  public let descriptor: Int32
  /// Where the peer is: the address that was connected to, or that the connection came from. No system call; known also when the
  /// peer is gone.
  public let peerAddress: SocketAddress

  init(connected descriptor: Int32, to peer: SocketAddress) {
    self.descriptor = descriptor
    peerAddress = peer
  }

  /// Takes a connected TCP socket over. It is made blocking (`O_NONBLOCK` is taken away): waiting is the ring's business.
  ///
  /// - Throws: `IOError`, and then the descriptor stays the caller's, as it was: `ENOTSOCK`; `EPROTOTYPE`, `EAFNOSUPPORT` if it is another
  ///   kind of socket; `ENOTCONN`.
  public init(adopting descriptor: Int32) throws(IOError) {
    try SystemSocket.requireKind(descriptor, SOCK_STREAM)
    let peer = try SystemSocket.peerAddress(descriptor)
    try SystemSocket.makeBlocking(descriptor)
    self.init(connected: descriptor, to: peer)
  }

  deinit { _ = close(descriptor) }

  /// Connects to `address` and waits until the peer has agreed. Options that must be set before are set on a
  /// `TCPSocket`, which connects in the same way.
  ///
  /// - Throws: `IOError`: `ECONNREFUSED`, `ETIMEDOUT`, `EHOSTUNREACH`, `ENETUNREACH`, ...; `EMFILE` of "socket" if the process is out
  ///   of descriptors; `isCancelled` if the task, or a scope or time limit around this, was cancelled first. A connection
  ///   that was made all the same is returned; one that was half made is not, and the peer may accept it and find it closed.
  ///
  /// The kernel gives up after minutes only: put `withTimeout` around it. Traps outside a task of a runtime.
  nonisolated(nonsending) public static func connect(to address: SocketAddress) async throws(IOError)
    -> TCPStream
  {
    let socket = try TCPSocket(address.family)
    return try await socket.connect(to: address)
  }

  /// Which direction of a connection ends.
  public enum Direction: Sendable, Hashable {
    /// Receives give what has come already, and then 0. Bytes that come afterwards are received all the same: the peer is not told.
    case read
    /// The peer receives what was sent, and then 0; sends fail with `EPIPE`.
    case write
    case both

    var number: Int32 {
      switch self {
      case .read: Int32(SHUT_RD)
      case .write: Int32(SHUT_WR)
      case .both: Int32(SHUT_RDWR)
      }
    }
  }

  /// Ends one direction, or both, before the stream goes. Tasks that wait in it go on. Does not wait, works on every thread.
  ///
  /// - Throws: `IOError` with `ENOTCONN` if the peer is gone.
  public func shutdown(_ direction: Direction) throws(IOError) {
    try SystemSocket.check("shutdown", Glibc.shutdown(descriptor, direction.number))
  }

  /// Gives the descriptor away, open: it is the caller's to close.
  public consuming func release() -> Int32 {
    let descriptor = self.descriptor
    discard self
    return descriptor
  }

  /// Two ends, one to receive and one to send, which two tasks own. One allocation.
  ///
  /// ```swift
  /// let halves = stream.split()
  /// let reading = spawnBoxed(halves.receiver) { receiver in ... }
  /// let writing = spawnBoxed(halves.sender) { sender in ... }
  /// ```
  public consuming func split() -> TCPHalves {
    let connection = SplitConnection(descriptor, peerAddress)
    discard self
    return TCPHalves(receiver: TCPReceiver(connection), sender: TCPSender(connection))
  }
}
