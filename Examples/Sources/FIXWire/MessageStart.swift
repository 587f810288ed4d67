/// What the first two fields of a message say: `8=FIX<version><SOH>9=<length><SOH>`.
///
/// A start is plausible when BeginString is short, holds no second `=` (so that noise cut off by the next
/// message's own `8=` is none) and is followed by tag 9. What comes after is the framer's to judge.
struct MessageStart {
  /// The place of `9=`.
  let lengthField: Int
  /// The first byte of the body; nil where tag 9 holds no number.
  let bodyStart: Int?
  /// Where the trailer `10=` must stand; nil where tag 9 holds no number.
  let trailerStart: Int?

  /// The place behind the trailer.
  var end: Int? { trailerStart.map { $0 + Self.trailerLength } }

  /// `10=ddd<SOH>`.
  static let trailerLength = 7
  /// `8=FIX`.
  static let prefixLength = 5
  /// Bytes of BeginString behind `FIX`; the longest in use, `.5.0SP2`, has seven.
  static let maximumVersionLength = 16
  /// How far behind a place a search must see to tell whether a message starts there.
  static let recognisableLength = prefixLength + maximumVersionLength + 3

  enum Match {
    case none
    /// The input ends before it can be told.
    case cut
    /// A start, with the place of its `9=`.
    case start(lengthField: Int)
  }

  enum Parse {
    case none
    case cut
    case start(MessageStart)
  }

  /// Whether a message plausibly starts at `index`. O(1).
  static func match(_ bytes: RawSpan, at index: Int) -> Match {
    var place = index
    let prefix: InlineArray<5, UInt8> = [0x38, 0x3D, 0x46, 0x49, 0x58]  // "8=FIX"
    for letter in prefix.indices {
      if place >= bytes.byteCount { return .cut }
      if bytes[byte: place] != prefix[letter] { return .none }
      place += 1
    }
    let lastVersionEnd = place + maximumVersionLength
    while true {
      if place >= bytes.byteCount { return .cut }
      let byte = bytes[byte: place]
      if byte == FIXByte.soh { break }
      if byte == FIXByte.equals || place == lastVersionEnd { return .none }
      place += 1
    }
    if place + 1 >= bytes.byteCount { return .cut }
    if bytes[byte: place + 1] != FIXByte.nine { return .none }
    if place + 2 >= bytes.byteCount { return .cut }
    return bytes[byte: place + 2] == FIXByte.equals ? .start(lengthField: place + 1) : .none
  }

  /// Reads the start at `index` with its declared length. O(1).
  static func parse(_ bytes: RawSpan, at index: Int) -> Parse {
    switch match(bytes, at: index) {
    case .none: return .none
    case .cut: return .cut
    case .start(let lengthField):
      let unknown = MessageStart(lengthField: lengthField, bodyStart: nil, trailerStart: nil)
      guard let number = bytes.decimal(from: lengthField + 2, to: bytes.byteCount) else {
        return lengthField + 2 == bytes.byteCount ? .cut : .start(unknown)
      }
      if number.end == bytes.byteCount { return .cut }
      guard bytes[byte: number.end] == FIXByte.soh else { return .start(unknown) }
      let body = number.end + 1
      return .start(
        MessageStart(lengthField: lengthField, bodyStart: body, trailerStart: body + number.value))
    }
  }

  /// The place behind `after` where a start begins whose BeginString ends in front of the SOH at `soh`, if
  /// there is one: what a walk over fields asks when it meets tag 9. O(1).
  static func begin(endingAt soh: Int, after: Int, in bytes: RawSpan) -> Int? {
    let lowest = max(after + 1, soh - prefixLength - maximumVersionLength)
    var place = soh - 1
    while place > lowest, case let byte = bytes[byte: place], byte != FIXByte.equals {
      if byte == FIXByte.soh { return nil }
      place -= 1
    }
    return place > lowest && place + 4 <= soh && bytes.holds("8=FIX", at: place - 1) ? place - 1 : nil
  }
}

/// What stands where a message's trailer should be.
enum Trailer: Equatable {
  /// No `<SOH>10=`.
  case absent
  /// `<SOH>10=`, but no three digits and SOH behind it.
  case malformed
  /// `<SOH>10=ddd<SOH>` with this number.
  case checksum(Int)

  /// The trailer at `start`, which may lie beyond the input. O(1).
  static func at(_ start: Int, in bytes: RawSpan) -> Trailer {
    guard start >= 1, start <= bytes.byteCount, bytes[byte: start - 1] == FIXByte.soh,
      bytes.holds("10=", at: start)
    else { return .absent }
    guard start + MessageStart.trailerLength <= bytes.byteCount,
      let number = bytes.decimal(from: start + 3, to: start + 6), number.end == start + 6,
      bytes[byte: number.end] == FIXByte.soh
    else { return .malformed }
    return .checksum(number.value)
  }
}
