// Two halves made one stream again.

internal import Synchronization

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
    "the halves are of two streams, to \(halves.receiver.peerAddress) and \(halves.sender.peerAddress): reunite those of one split(); takeHalves() gives both back"
  }
}

private final class UnmatchedHalves: Sendable {
  let receiver: SplitConnection
  let sender: SplitConnection
  private let areTaken = Atomic(false)

  init(_ receiver: SplitConnection, _ sender: SplitConnection) {
    self.receiver = receiver
    self.sender = sender
  }

  /// Relaxed: whoever wins the exchange takes references that were there from the start.
  func take() -> TCPHalves? {
    if areTaken.exchange(true, ordering: .relaxed) { return nil }
    return TCPHalves(receiver: TCPReceiver(receiver), sender: TCPSender(sender))
  }

  // What nobody took ends as halves do.
  deinit { _ = take() }
}
