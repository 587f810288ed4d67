// The two directions of a connection, each with an owner of its own.

internal import Glibc
internal import Synchronization

/// What `TCPStream.split()` gives. Move each out of it: `let sender = halves.sender`.
@frozen
public struct TCPHalves: ~Copyable, Sendable {
  public let receiver: TCPReceiver
  public let sender: TCPSender

  init(receiver: consuming TCPReceiver, sender: consuming TCPSender) {
    self.receiver = receiver
    self.sender = sender
  }
}

/// The end of a connection that receives. The connection is closed when both ends are gone.
public struct TCPReceiver: ~Copyable, Sendable, ByteReceiving, TCPOptions {
  let connection: SplitConnection

  init(_ connection: SplitConnection) { self.connection = connection }

  public var descriptor: Int32 { connection.descriptor }
  /// Where the peer is.
  public var peerAddress: SocketAddress { connection.peerAddress }

  /// Ends this direction: what has come already can still be received, then 0. Bytes that come afterwards are received all the same:
  /// the peer is not told. Does not wait.
  ///
  /// - Throws: `IOError` with `ENOTCONN` if the peer is gone.
  public func shutdown() throws(IOError) {
    try SystemSocket.check("shutdown", Glibc.shutdown(descriptor, Int32(SHUT_RD)))
  }
}

/// The end of a connection that sends. When it goes the peer is told that no more comes; the connection is closed when both
/// ends are gone.
public struct TCPSender: ~Copyable, Sendable, ByteSending, TCPOptions {
  /// nil once it was given to somebody else.
  private var held: SplitConnection?

  init(_ connection: SplitConnection) { held = connection }

  var connection: SplitConnection { held! }

  deinit {
    if let held { _ = Glibc.shutdown(held.descriptor, Int32(SHUT_WR)) }
  }

  public var descriptor: Int32 { connection.descriptor }
  /// Where the peer is.
  public var peerAddress: SocketAddress { connection.peerAddress }

  /// Ends this direction, as the end of this value does: the peer receives what was sent, then 0. Does not wait.
  ///
  /// - Throws: `IOError` with `ENOTCONN` if the peer is gone.
  public func shutdown() throws(IOError) {
    try SystemSocket.check("shutdown", Glibc.shutdown(descriptor, Int32(SHUT_WR)))
  }

  /// Takes the connection out, so that the end of this value says nothing to the peer.
  consuming func take() -> SplitConnection {
    let connection = self.connection
    held = nil
    return connection
  }
}

/// What the two ends share. Closes the connection when both are gone.
final class SplitConnection: Sendable {
  let descriptor: Int32
  let peerAddress: SocketAddress
  private let isOwner = Atomic(true)

  init(_ descriptor: Int32, _ peerAddress: SocketAddress) {
    self.descriptor = descriptor
    self.peerAddress = peerAddress
  }

  deinit {
    // Relaxed: whoever gave the descriptor away had a reference, whose end came before this.
    if isOwner.load(ordering: .relaxed) { _ = close(descriptor) }
  }

  /// The descriptor is somebody else's from now on.
  func giveAway() -> Int32 {
    isOwner.store(false, ordering: .relaxed)
    return descriptor
  }
}
