// More senders of one channel: clones, and what can become a sender later.

public import LogBuf

extension BytesSender where Writer == MPSCWriter {
  /// Another sender of the same channel. O(1), no allocation.
  @inlinable
  public borrowing func clone() -> BytesSender<MPSCWriter> {
    BytesSender(writer: writer.clone(), signals: signals)
  }

  /// What makes a sender later, as long as there is one then, and does not keep the channel open itself.
  ///
  /// - Complexity: O(1), one allocation.
  public borrowing func downgrade() -> BytesWeakSender {
    BytesWeakSender(BytesWeakSender.Hold(writer: writer.downgrade(), signals: signals))
  }
}

/// Makes senders of an `MPSCBytes` channel while that has one: for whoever sends seldom and is not to keep the receiver
/// waiting. It keeps the channel's memory.
///
/// Any number of threads may use it and its copies.
public struct BytesWeakSender: Sendable {
  fileprivate final class Hold: Sendable {
    let writer: WeakMPSCWriter
    let signals: BytesSignals

    init(writer: consuming WeakMPSCWriter, signals: BytesSignals) {
      self.writer = writer
      self.signals = signals
    }
  }

  private let hold: Hold

  fileprivate init(_ hold: Hold) { self.hold = hold }

  /// A sender of the channel; nil once all senders are gone. If the receiver is gone, the sender's claims say so.
  ///
  /// - Complexity: O(1), lock-free, no allocation.
  public func upgrade() -> MPSCBytes.Sender? {
    guard let writer = hold.writer.upgrade() else { return nil }
    return MPSCBytes.Sender(writer: writer, signals: hold.signals)
  }
}
