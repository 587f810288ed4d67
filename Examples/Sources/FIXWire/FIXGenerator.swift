/// Conformant FIX 4.4 traffic for people without a capture, the same for the same seed.
///
/// The stream is one session as a recorder between a buy side and a sell side sees it: both log on, then
/// orders, executions, market data and heartbeats follow, with sequence numbers per direction, times that move
/// on, and right BodyLength and CheckSum. What each message holds is in `FIXTrafficMessages.swift`.
public struct FIXGenerator: Sendable {
  /// What the traffic is made of.
  public enum Profile: String, Sendable, CaseIterable {
    /// About 100 bytes a message: incremental market data of one entry, bare orders, heartbeats.
    case small
    /// Orders and their executions.
    case orders
    /// Snapshots and incremental refreshes of up to ten entries.
    case marketData = "market-data"
    /// All of it, as a venue's gateway sees it.
    case mixed
  }

  /// No generated message is longer, in bytes.
  public static let maximumMessageLength = 1024

  let profile: Profile
  var random: SplitMix64
  var clock = FIXTrafficClock()
  // Per direction: 0 is the buy side's, 1 the sell side's.
  var sequence = InlineArray<2, Int>(repeating: 0)
  var nextOrder = 1
  var nextExecution = 1
  // The latest orders, by number modulo the count: those that executions are about.
  var orders = InlineArray<64, TrafficOrder>(repeating: TrafficOrder())

  /// A generator at the start of a session.
  public init(seed: UInt64, profile: Profile = .mixed) {
    self.profile = profile
    random = SplitMix64(seed: seed)
  }

  /// Writes the next message at the start of `buffer` and returns its length. O(length).
  ///
  /// - Parameter buffer: at least `maximumMessageLength` bytes.
  public mutating func writeMessage(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    precondition(
      buffer.count >= Self.maximumMessageLength,
      "a generated message needs up to \(Self.maximumMessageLength) bytes")
    var writer = unsafe FIXWriter(into: buffer)
    writer.begin()
    clock.advance(microseconds: 1 + random.below(400))
    writeBody(to: &writer)
    return writer.finish()
  }

  /// Fills `buffer` with whole messages, at most `limit` of them. Returns what was written. O(bytes).
  public mutating func fill(
    _ buffer: UnsafeMutableRawBufferPointer, limit: Int
  ) -> (bytes: Int, messages: Int) {
    var bytes = 0
    var messages = 0
    while messages < limit, buffer.count - bytes >= Self.maximumMessageLength {
      bytes += unsafe writeMessage(into: UnsafeMutableRawBufferPointer(rebasing: buffer[bytes...]))
      messages += 1
    }
    return (bytes, messages)
  }

  private mutating func writeBody(to writer: inout FIXWriter) {
    if sequence[0] == 0 { return writeLogon(from: 0, to: &writer) }
    if sequence[1] == 0 { return writeLogon(from: 1, to: &writer) }
    let choice = random.below(100)
    switch profile {
    case .small:
      switch choice {
      case 0..<25: writeHeartbeat(to: &writer)
      case 25..<30: writeNewOrder(isBare: true, to: &writer)
      default: writeIncremental(entries: 1, isBare: true, to: &writer)
      }
    case .orders:
      switch choice {
      case 0..<2: writeHeartbeat(to: &writer)
      case 2..<40: writeNewOrder(isBare: false, to: &writer)
      default: writeExecution(to: &writer)
      }
    case .marketData:
      switch choice {
      case 0..<1: writeHeartbeat(to: &writer)
      case 1..<11: writeSnapshot(entries: 2 + random.below(9), to: &writer)
      default: writeIncremental(entries: 1 + random.below(5), isBare: false, to: &writer)
      }
    case .mixed:
      switch choice {
      case 0..<2: writeHeartbeat(to: &writer)
      case 2..<17: writeNewOrder(isBare: false, to: &writer)
      case 17..<42: writeExecution(to: &writer)
      case 42..<50: writeSnapshot(entries: 2 + random.below(9), to: &writer)
      default: writeIncremental(entries: 1 + random.below(4), isBare: false, to: &writer)
      }
    }
  }
}
