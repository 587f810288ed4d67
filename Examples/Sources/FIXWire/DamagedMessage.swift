/// Where a message ends whose tag 9 or tag 10 is wrong.
///
/// Its declared length is not to be believed, and a plain search for the next `8=FIX` would take a message that
/// is quoted inside a data field for a real one. So the fields are walked from the body's start, data fields
/// skipped by their own length, until one of these:
///
///   - a trailer (tag 10): the message ends behind it;
///   - the start of another message, at a field or in the middle of one: this one was cut, it ends before it;
///   - the declared end, where a whole trailer stands there: only the checksum was wrong;
///   - the longest message there may be, or the end of the input.
///
/// A data length may itself be part of the damage. It is believed when SOH stands behind the data and no sound
/// message begins inside the data and ends beyond it (see `DataClaim.swift`).
struct DamagedMessage {
  let offset: Int
  let start: MessageStart
  /// The place behind the longest message there may be.
  let windowEnd: Int
  let isFinal: Bool
  /// What stands where tag 9 says that the trailer is.
  let trailer: Trailer
  /// Where the walk stops at the latest.
  let limit: Int

  init(offset: Int, start: MessageStart, windowEnd: Int, isFinal: Bool, in bytes: RawSpan) {
    self.offset = offset
    self.start = start
    self.windowEnd = windowEnd
    self.isFinal = isFinal
    guard let trailerStart = start.trailerStart, let end = start.end, end <= windowEnd else {
      trailer = .absent
      limit = windowEnd
      return
    }
    trailer = Trailer.at(trailerStart, in: bytes)
    if case .checksum = trailer { limit = end } else { limit = windowEnd }
  }

  enum Outcome {
    /// The message ends at `end`. `isCut` means that it goes on behind the window.
    case found(FrameFault, end: Int, isCut: Bool)
    /// It can be told when the input reaches `end`; the search may go on at `resume`.
    case needMore(end: Int, resume: Int)
  }

  /// Walks the fields from `resume`, or from the body's start where that is further. O(fields walked).
  func findEnd(in bytes: RawSpan, from resume: Int, _ messages: inout FoundMessages) -> Outcome {
    var field = max(resume, start.bodyStart ?? start.lengthField)
    while field < limit {
      if field + 1 < bytes.byteCount, bytes[byte: field] == FIXByte.nine,
        bytes[byte: field + 1] == FIXByte.equals,
        let next = MessageStart.begin(endingAt: field - 1, after: offset, in: bytes)
      {
        return found(end: next)
      }
      guard let soh = bytes.firstIndex(of: FIXByte.soh, in: field..<max(field, min(limit, bytes.byteCount)))
      else {
        if bytes.byteCount >= limit { break }
        return isFinal
          ? found(end: bytes.byteCount, atInputEnd: true)
          : .needMore(end: bytes.byteCount + 1, resume: field)
      }
      if isTrailer(field: field, soh: soh, in: bytes) { return found(end: soh + 1) }
      switch dataClaim(lengthField: field, soh: soh, in: bytes, &messages) {
      case .none: field = soh + 1
      case .data(let end): field = end
      case .toInputEnd: return found(end: bytes.byteCount, atInputEnd: true)
      case .needMore(let end): return .needMore(end: end, resume: field)
      }
    }
    if case .checksum = trailer { return found(end: limit) }
    // The window ended and the message did not: what follows up to the next start belongs to the same fault.
    return found(end: limit, isCut: true)
  }

  /// Tag 10, with three digits or a value damaged but short: a longer one has run into something else.
  private func isTrailer(field: Int, soh: Int, in bytes: RawSpan) -> Bool {
    guard bytes.holds("10=", at: field), soh - (field + 3) <= 8 else { return false }
    return bytes.firstIndex(of: FIXByte.equals, in: field + 3..<soh) == nil
  }

  private func found(end: Int, atInputEnd: Bool = false, isCut: Bool = false) -> Outcome {
    let fault: FrameFault
    if let declaredEnd = start.end, declaredEnd > windowEnd {
      fault = .tooLarge
    } else if atInputEnd {
      fault = .truncatedEnd
    } else if let trailerStart = start.trailerStart, trailer != .absent, end > trailerStart {
      fault = .badChecksum
    } else {
      fault = .badBodyLength
    }
    return .found(fault, end: end, isCut: isCut)
  }
}
