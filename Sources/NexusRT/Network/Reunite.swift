// Two halves made one stream again.

extension TCPStream {
  /// Makes the two halves of one `split()` a stream again.
  ///
  /// - Throws: `ReuniteError` with both of them, if they are of two streams.
  public static func reunite(
    _ receiver: consuming TCPReceiver, _ sender: consuming TCPSender
  ) throws(ReuniteError) -> TCPStream {
    let connection = receiver.connection
    guard connection === sender.connection else { throw ReuniteError(receiver, sender) }
    _ = sender.take()
    return TCPStream(connected: connection.giveAway(), to: connection.peerAddress)
  }
}

/// The halves that `reunite` was given are of two streams. They are in here, as they were; if nobody takes them they go with the
/// error.
public struct ReuniteError: Error, CustomStringConvertible {
  private let halves: UnmatchedHalves

  init(_ receiver: consuming TCPReceiver, _ sender: consuming TCPSender) {
    halves = UnmatchedHalves(receiver.connection, sender.take())
  }

  /// The halves; nil if they were taken before. An error can be copied and they can not.
  public func takeHalves() -> TCPHalves? { halves.take() }

  public var description: String {
    "the halves are of two streams, to \(halves.receiverPeer) and \(halves.senderPeer): reunite those of one split(); takeHalves() gives both back"
  }
}

private final class UnmatchedHalves: Sendable {
  let receiverPeer: SocketAddress
  let senderPeer: SocketAddress
  /// Not kept after they were taken: what holds them keeps their descriptors open, and a copy of an error may live long.
  private let held: Guarded<(receiver: SplitConnection, sender: SplitConnection)?>

  init(_ receiver: SplitConnection, _ sender: SplitConnection) {
    receiverPeer = receiver.peerAddress
    senderPeer = sender.peerAddress
    held = Guarded((receiver, sender))
  }

  func take() -> TCPHalves? {
    // Ended by the caller: nothing is closed under the lock.
    guard let (receiver, sender) = held.withLock({ $0.take() }) else { return nil }
    return TCPHalves(receiver: TCPReceiver(receiver), sender: TCPSender(sender))
  }

  // What nobody took ends as halves do.
  deinit { _ = take() }
}
