internal import CArchiveKernels

/// Writes one FIX message into memory: fields in order, then BodyLength and CheckSum as they come out.
///
/// The body starts behind room for a BodyLength of three digits and is moved by a byte or two when it has fewer
/// or more, which is rare.
@safe
struct FIXWriter: ~Copyable {
  // `place` runs from the buffer's start; every write checks that it ends within the buffer.
  private let buffer: UnsafeMutableRawBufferPointer
  private var place = 0
  private var bodyStart = 0

  private static let guessedDigits = 3

  @unsafe
  init(into buffer: UnsafeMutableRawBufferPointer) { unsafe self.buffer = buffer }

  /// `8=FIX.4.4<SOH>9=` and room for the length.
  mutating func begin() {
    place = 0
    text("8=FIX.4.4\u{1}9=")
    place += Self.guessedDigits + 1
    bodyStart = place
  }

  /// Text that may hold whole fields.
  @inline(__always)
  mutating func text(_ text: StaticString) {
    let count = text.utf8CodeUnitCount
    precondition(unsafe place + count <= buffer.count, "the message does not fit into the buffer")
    // SAFETY: checked above.
    unsafe (buffer.baseAddress! + place).copyMemory(from: text.utf8Start, byteCount: count)
    place += count
  }

  mutating func byte(_ byte: UInt8) {
    unsafe buffer[place] = byte
    place += 1
  }

  mutating func endField() { byte(FIXByte.soh) }

  /// A decimal number without leading zeros.
  mutating func number(_ value: Int) {
    var digits = 1
    var power = 10
    while value >= power {
      digits += 1
      power *= 10
    }
    padded(value, digits: digits)
  }

  /// A decimal number with leading zeros.
  @inline(__always)
  mutating func padded(_ value: Int, digits: Int) {
    precondition(unsafe place + digits <= buffer.count, "the message does not fit into the buffer")
    var rest = UInt32(truncatingIfNeeded: value)
    var index = place + digits
    while index > place {
      index -= 1
      // SAFETY: `index` is at least `place` and below `place + digits`.
      unsafe buffer.baseAddress!.storeBytes(
        of: FIXByte.zero &+ UInt8(truncatingIfNeeded: rest % 10), toByteOffset: index, as: UInt8.self)
      rest /= 10
    }
    place += digits
  }

  /// A price of `cents` hundredths.
  mutating func price(_ cents: Int) {
    number(cents / 100)
    byte(UInt8(ascii: "."))
    padded(cents % 100, digits: 2)
  }

  /// Up to eight bytes of text, kept in a word.
  @inline(__always)
  mutating func short(_ text: ShortText) {
    precondition(unsafe place + 8 <= buffer.count, "the message does not fit into the buffer")
    // SAFETY: checked above; the bytes behind the text are written again by what follows.
    unsafe buffer.baseAddress!.storeBytes(of: text.word, toByteOffset: place, as: UInt64.self)
    place += text.count
  }

  /// Sets BodyLength and CheckSum. Returns the length of the message.
  mutating func finish() -> Int {
    let bodyLength = place - bodyStart
    let digits = bodyLength < 10 ? 1 : bodyLength < 100 ? 2 : bodyLength < 1000 ? 3 : 4
    let shift = digits - Self.guessedDigits
    if shift != 0 {
      precondition(unsafe place + shift <= buffer.count, "the message does not fit into the buffer")
      // SAFETY: both ranges lie in the buffer; copyMemory allows them to overlap.
      unsafe (buffer.baseAddress! + bodyStart + shift).copyMemory(
        from: buffer.baseAddress! + bodyStart, byteCount: bodyLength)
      bodyStart += shift
    }
    place = bodyStart - digits - 1
    padded(bodyLength, digits: digits)
    endField()
    place += bodyLength
    // SAFETY: `place` bytes are written.
    let sum = unsafe nx_byte_sum(buffer.baseAddress, place)
    text("10=")
    padded(Int(sum), digits: 3)
    endField()
    return place
  }
}

/// A text of at most eight bytes in one word, so that writing it is one store.
struct ShortText {
  let word: UInt64
  let count: Int

  init(_ text: StaticString) {
    precondition(text.utf8CodeUnitCount <= 8)
    count = text.utf8CodeUnitCount
    // SAFETY: `index` is below the literal's own length.
    word = (0..<text.utf8CodeUnitCount).reduce(0) { word, index in
      unsafe word | UInt64(text.utf8Start[index]) << UInt64(8 * index)
    }
  }
}
