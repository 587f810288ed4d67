// The byte channels: variable-length records between tasks and threads, in a log buffer ring, without an allocation per
// record. A sender claims room, writes and commits; the receiver borrows the record where it lies.
//
// The typed channels (`Local`, `SPSC`, `MPSC`, `MPMC`) are beside this folder, one folder each. What a sender sends is here not
// a value but a claim, and what is received is borrowed; all else is as it is with those.

public import LogBuf
public import Synchronization

/// Makes byte channels with one sender.
public enum SPSCBytes {
  public typealias Sender = BytesSender<SPSCWriter>
  public typealias Receiver = BytesReceiver
  public typealias Ends = BytesEnds<SPSCWriter>

  /// A channel for one sender and one receiver, each in a task or a thread of its own or in the same.
  ///
  /// - Parameter capacity: Bytes of the ring, rounded up to a power of two, at least 64. A record takes 8 bytes more than
  ///   its payload, rounded up to 8; the largest takes half the ring.
  @inlinable
  public static func channel(capacity: Int) -> Ends {
    let ring = LogBuffer.spsc(capacity: capacity)
    return BytesEnds(writer: ring.writer, reader: ring.reader)
  }
}

/// Makes byte channels with any number of senders.
public enum MPSCBytes {
  public typealias Sender = BytesSender<MPSCWriter>
  public typealias WeakSender = BytesWeakSender
  public typealias Receiver = BytesReceiver
  public typealias Ends = BytesEnds<MPSCWriter>

  /// A channel for one receiver and any number of senders, made by `clone()`.
  ///
  /// Records come in the order in which they were claimed: one that is claimed and not yet committed holds back all
  /// behind it, whoever sent them.
  ///
  /// - Parameter capacity: As for `SPSCBytes.channel(capacity:)`.
  @inlinable
  public static func channel(capacity: Int) -> Ends {
    let ring = LogBuffer.mpsc(capacity: capacity)
    return BytesEnds(writer: ring.writer, reader: ring.reader)
  }
}

/// The two ends of a new byte channel, to be taken out one by one: `let ends = SPSCBytes.channel(capacity: 65536)`, then
/// `ends.sender` into one task and `ends.receiver` into another.
@frozen
public struct BytesEnds<Writer: _BytesWriter & ~Copyable>: ~Copyable, Sendable {
  public var sender: BytesSender<Writer>
  public var receiver: BytesReceiver

  @inlinable
  init(writer: consuming Writer, reader: consuming LogReader) {
    let signals = BytesSignals()
    sender = BytesSender(writer: writer, signals: signals)
    receiver = BytesReceiver(reader: reader, signals: signals)
  }
}

/// What a sender needs of a ring's writer. Conformed to by LogBuf's two writers; not meant for others.
public protocol _BytesWriter: ~Copyable, Sendable {
  /// A claim without its guarantees; nil when there is no room.
  @unsafe mutating func _tryTicket(_ count: Int) throws(ClaimError) -> _WriteTicket?
  consuming func close()
  var capacity: Int { get }
  var largestRecord: Int { get }
  var bytesInUse: Int { get }
  var isReaderGone: Bool { get }
  func hasRoom(for count: Int) -> Bool
  /// Changes when room is given back.
  @unsafe var _headWord: UnsafePointer<Atomic<UInt64>> { get }
}

extension SPSCWriter: _BytesWriter {}

extension MPSCWriter: _BytesWriter {}
