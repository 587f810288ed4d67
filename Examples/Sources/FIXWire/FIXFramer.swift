/// Cuts a FIX byte stream into messages, and finds the next message after every kind of fault.
///
/// The framer does no I/O and keeps no bytes. Its caller holds the input that is not consumed yet, asks for
/// the next step, and goes on behind the bytes that the step covers. The steps do not depend on how the input
/// arrives: a decision is made when, and only when, no further byte could change it. Messages and rejects
/// together cover every byte of the input.
///
/// A message is `8=FIX<version><SOH>9=<length><SOH>`, a body of that length that ends with SOH, and
/// `10=<checksum><SOH>` (FIX 4.4 volume 1, "Message format"; FIX session layer, "BodyLength" and "CheckSum").
/// What a well-formed message costs is one pass over its bytes for the checksum. What happens to a damaged one
/// is told in `DamagedMessage.swift`.
public struct FIXFramer: Sendable {
  /// The longest message accepted, from `8=` to the SOH behind tag 10, in bytes. Also the longest reject.
  public let maximumMessageLength: Int

  /// A maximum that holds the largest messages in use (news, XML, snapshots of whole books): 1 MiB.
  public static let defaultMaximumMessageLength = 1 << 20

  // Progress at the current offset, so that input that trickles in is not searched again from its start.
  // Both are relative to the offset and zero after every message or reject.
  var searched = 0
  var needed = 0
  // The fault whose run reached the maximum length and goes on behind it.
  var openFault: FrameFault?
  // What is known of the input at hand.
  private var found = FoundMessages()
  // How many bytes must be at hand for the shortcut, at least `shortcutLength`. A long message with a wrong checksum closes
  // it by a number that is never reached, which costs the messages that take it nothing.
  private var leastForShortcut = Self.shortcutLength
  private var isWary: Bool { leastForShortcut == .max }

  /// One decision about the bytes at the offset.
  public enum Step: Sendable, Equatable {
    /// A message of this many bytes.
    case message(length: Int)
    /// Bytes that are no message.
    case reject(FrameReject)
    /// Nothing can be said before this many bytes stand at the offset, or the input is final.
    case needMore(total: Int)
    /// The input is final and all of it is framed.
    case end
  }

  /// A framer at the start of a stream.
  ///
  /// - Parameter maximumMessageLength: in bytes; at least 64.
  public init(maximumMessageLength: Int = defaultMaximumMessageLength) {
    precondition(maximumMessageLength >= 64, "no FIX message fits into \(maximumMessageLength) bytes")
    self.maximumMessageLength = maximumMessageLength
  }

  /// How many unframed bytes the caller must be able to hold at once.
  public var requiredCapacity: Int { maximumMessageLength + MessageStart.recognisableLength }

  /// Judges the bytes at `offset`, which must be the one behind the step before (or the same one after
  /// `needMore`). O(length of the step), except that a message that is not sound costs what it declares, and what its data
  /// fields declare, up to the maximum length each, however short its reject is. `StreamBuffer` has the framer remember
  /// what it learned of the input, so that it need not be learned again for the next step.
  ///
  /// - Parameters:
  ///   - bytes: the input at hand.
  ///   - offset: the first byte that no step covered yet.
  ///   - isFinal: that no byte will follow those in `bytes`.
  public mutating func next(in bytes: RawSpan, at offset: Int, isFinal: Bool) -> Step {
    let length = Self.lengthOfSoundMessage(
      in: bytes, at: offset, ifAtHand: leastForShortcut, summingAtMost: .max)
    if length > 0 && length <= maximumMessageLength {
      settle()
      return .message(length: length)
    }
    return slowNext(in: bytes, at: offset, isFinal: isFinal)
  }

  /// The same where the shortcut did not do: if that is because it is closed, it is still open for short messages.
  @inline(never)
  private mutating func slowNext(in bytes: RawSpan, at offset: Int, isFinal: Bool) -> Step {
    if isWary {
      let length = Self.lengthOfSoundMessage(
        in: bytes, at: offset, ifAtHand: Self.shortcutLength, summingAtMost: WindowSums.directLength)
      if length > 0 && length <= maximumMessageLength {
        settle()
        return .message(length: length)
      }
    }
    return carefulNext(in: bytes, at: offset, isFinal: isFinal)
  }

  /// Has what is known of the input kept from one step to the next. From now on, what was at hand must stand where it stood,
  /// until `inputMoves` is called.
  mutating func keepFindings() { found.sums.areKept = true }

  /// How many bytes were read for checksums that were wrong, or had to be looked at with care.
  var summed: Int { found.sums.summed }

  /// Says that the input at hand will stand at another place.
  mutating func inputMoves() {
    found.removeAll()
    found.sums.removeAll()
    leastForShortcut = Self.shortcutLength
  }

  /// Whether the checksum of a message that starts at `offset` is right.
  private mutating func isSumRight(_ offset: Int, _ trailerStart: Int, in bytes: RawSpan) -> Bool {
    guard case .checksum(let expected) = Trailer.at(trailerStart, in: bytes) else { return false }
    let length = trailerStart - offset
    let isLong = length > WindowSums.directLength
    // The shortcut has summed them, too.
    if !isWary || !isLong { found.sums.didSum(length) }
    if expected == Int(found.sums.sum(offset..<trailerStart, in: bytes)) { return true }
    // The reject may be much shorter than what was summed, and the next message may reach as far.
    if found.sums.areKept && isLong { leastForShortcut = .max }
    return false
  }

  /// Forgets the progress made at an offset that is now behind.
  private mutating func settle(openFault: FrameFault? = nil) {
    searched = 0
    needed = 0
    self.openFault = openFault
  }

  /// The same decision without the shortcut: everything that is not a whole sound message.
  private mutating func carefulNext(in bytes: RawSpan, at offset: Int, isFinal: Bool) -> Step {
    let available = bytes.byteCount - offset
    precondition(available >= 0, "the offset lies beyond the input")
    if available == 0 { return isFinal ? .end : .needMore(total: 1) }
    if available < needed && !isFinal { return .needMore(total: needed) }

    switch MessageStart.parse(bytes, at: offset) {
    case .none:
      return garbage(in: bytes, at: offset, isFinal: isFinal)
    case .cut:
      return isFinal
        ? reject(.truncatedEnd, length: min(available, maximumMessageLength))
        : .needMore(total: available + 1)
    case .start(let start):
      if let end = start.end, let trailerStart = start.trailerStart, end - offset <= maximumMessageLength {
        if end > bytes.byteCount && !isFinal {
          needed = end - offset
          return .needMore(total: needed)
        }
        if end <= bytes.byteCount, isSumRight(offset, trailerStart, in: bytes) {
          settle()
          return .message(length: end - offset)
        }
      }
      return damaged(start, in: bytes, at: offset, isFinal: isFinal)
    }
  }

  private mutating func reject(_ fault: FrameFault, length: Int, isCut: Bool = false) -> Step {
    let reject = FrameReject(fault, length: length)
    settle(openFault: isCut ? fault : nil)
    return .reject(reject)
  }

  /// The end of a message that is not sound.
  private mutating func damaged(
    _ start: MessageStart, in bytes: RawSpan, at offset: Int, isFinal: Bool
  ) -> Step {
    let message = DamagedMessage(
      offset: offset, start: start, windowEnd: offset + maximumMessageLength, isFinal: isFinal, in: bytes)
    if !found.sums.areKept { found.removeAll() }
    switch message.findEnd(in: bytes, from: offset + searched, &found) {
    case .found(let fault, let end, let isCut):
      return reject(fault, length: end - offset, isCut: isCut)
    case .needMore(let end, let resume):
      searched = resume - offset
      needed = end - offset
      return .needMore(total: needed)
    }
  }

  /// Bytes up to the next plausible start. They are held back until that start is seen, so that one run is one
  /// reject wherever the input is cut; a run of the maximum length comes in pieces.
  private mutating func garbage(in bytes: RawSpan, at offset: Int, isFinal: Bool) -> Step {
    let limit = offset + maximumMessageLength
    let length: Int
    var isCut = false
    switch MessageSearch.nextStart(
      in: bytes, range: max(offset + 1, offset + searched)..<min(limit, bytes.byteCount))
    {
    case .start(let place):
      length = place - offset
    case .cut(let place):
      if !isFinal {
        searched = place - offset
        needed = bytes.byteCount - offset + 1
        return .needMore(total: needed)
      }
      length = place - offset
    case .none:
      if bytes.byteCount < limit && !isFinal {
        searched = bytes.byteCount - offset
        needed = searched + 1
        return .needMore(total: needed)
      }
      length = min(limit, bytes.byteCount) - offset
      isCut = true
    }
    let fault = openFault ?? .garbage
    let reject = FrameReject(fault, length: length, isContinuation: openFault != nil)
    settle(openFault: isCut ? fault : nil)
    return .reject(reject)
  }
}
