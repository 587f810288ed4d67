/// What can be wrong with a stretch of input that is no message.
///
/// The raw value is the name used in reports.
public enum FrameFault: String, Sendable, CaseIterable {
  /// Framed as declared, but tag 10 is not the sum of the bytes before it.
  case badChecksum = "bad_checksum"
  /// Tag 9 is no number, or leads to a place where no trailer stands.
  case badBodyLength = "bad_body_length"
  /// Bytes between messages.
  case garbage = "garbage"
  /// The input ended inside a message.
  case truncatedEnd = "truncated_tail"
  /// Tag 9 declares more than the framer's maximum message length.
  case tooLarge = "too_large"
}

/// A stretch of input that is no message.
public struct FrameReject: Sendable, Equatable {
  /// Why it is none.
  public let fault: FrameFault
  /// Its length in bytes, more than 0 and at most the framer's `maximumMessageLength`.
  public let length: Int
  /// Whether this stretch carries on the one before it: a run longer than the maximum message length
  /// comes in pieces, and only its first piece counts as a fault.
  public let isContinuation: Bool

  init(_ fault: FrameFault, length: Int, isContinuation: Bool = false) {
    self.fault = fault
    self.length = length
    self.isContinuation = isContinuation
  }
}

/// How many messages and faults a stream held. Every byte of the input is in exactly one of the sums.
public struct FramingCounts: Sendable, Equatable {
  /// Messages with a right length and checksum.
  public private(set) var messages = 0
  /// Bytes in those messages.
  public private(set) var messageBytes = 0
  private var faults = InlineArray<5, Int>(repeating: 0)
  private var faultBytes = InlineArray<5, Int>(repeating: 0)

  /// Counts of an empty stream.
  public init() {}

  /// Faults of one kind. O(1).
  public func count(of fault: FrameFault) -> Int { faults[fault.ordinal] }

  /// Bytes rejected for one kind of fault. O(1).
  public func bytes(of fault: FrameFault) -> Int { faultBytes[fault.ordinal] }

  /// All faults, whatever their kind.
  public var rejects: Int { FrameFault.allCases.reduce(0) { $0 + count(of: $1) } }

  /// All rejected bytes.
  public var rejectedBytes: Int { FrameFault.allCases.reduce(0) { $0 + bytes(of: $1) } }

  /// All bytes that were framed, as messages or as rejects.
  public var bytes: Int { messageBytes + rejectedBytes }

  /// Counts one message of `length` bytes.
  public mutating func addMessage(length: Int) {
    messages += 1
    messageBytes += length
  }

  /// Counts one rejected stretch.
  public mutating func add(_ reject: FrameReject) {
    if !reject.isContinuation { faults[reject.fault.ordinal] += 1 }
    faultBytes[reject.fault.ordinal] += reject.length
  }

  /// Adds the counts of another stream, for a total over connections.
  public mutating func add(_ other: FramingCounts) {
    messages += other.messages
    messageBytes += other.messageBytes
    for index in faults.indices {
      faults[index] += other.faults[index]
      faultBytes[index] += other.faultBytes[index]
    }
  }

  public static func == (left: FramingCounts, right: FramingCounts) -> Bool {
    left.messages == right.messages && left.messageBytes == right.messageBytes
      && FrameFault.allCases.allSatisfy {
        left.count(of: $0) == right.count(of: $0) && left.bytes(of: $0) == right.bytes(of: $0)
      }
  }
}

extension FrameFault {
  fileprivate var ordinal: Int {
    switch self {
    case .badChecksum: 0
    case .badBodyLength: 1
    case .garbage: 2
    case .truncatedEnd: 3
    case .tooLarge: 4
    }
  }
}
