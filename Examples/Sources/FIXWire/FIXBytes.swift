internal import CArchiveKernels
internal import Glibc

/// The few byte values that FIX tag=value syntax is made of (FIX 4.4 volume 1, "Message format").
enum FIXByte {
  /// Start of heading, 0x01: ends every field.
  static let soh: UInt8 = 0x01
  static let equals = UInt8(ascii: "=")
  static let zero = UInt8(ascii: "0")
  static let nine = UInt8(ascii: "9")
}

/// Reading single bytes, searching and summing, always within the span's bounds.
extension RawSpan {
  /// The byte at `index`; traps out of bounds.
  subscript(byte index: Int) -> UInt8 {
    // SAFETY: every bit pattern is a UInt8, and this load checks the bounds.
    unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }

  /// The first place of `byte` in `range`. O(range).
  func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
    guard !range.isEmpty else { return nil }
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
    return unsafe withUnsafeBytes { buffer in
      // SAFETY: `range` was checked to lie within the span.
      let base = buffer.baseAddress!
      guard let hit = unsafe memchr(base + range.lowerBound, Int32(byte), range.count) else { return nil }
      return unsafe UnsafeRawPointer(hit) - base
    }
  }

  /// The sum of the bytes in `range` modulo 256: the FIX checksum of those bytes. O(range).
  func byteSum(_ range: Range<Int>) -> UInt8 {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
    return unsafe withUnsafeBytes { buffer in
      // SAFETY: `range` was checked to lie within the span.
      unsafe nx_byte_sum(buffer.baseAddress.map { unsafe $0 + range.lowerBound }, range.count)
    }
  }

  /// The number written in decimal from `start` on, and the place behind its last digit; nil where no digit
  /// stands, or more than 18. Stops at `end`.
  func decimal(from start: Int, to end: Int) -> (value: Int, end: Int)? {
    var index = start
    var value = 0
    while index < end, case let digit = self[byte: index] &- FIXByte.zero, digit <= 9 {
      if index - start == 18 { return nil }
      value = value * 10 + Int(digit)
      index += 1
    }
    return index == start ? nil : (value, index)
  }

  /// Whether `text` stands at `index`, all of it within the span.
  func holds(_ text: StaticString, at index: Int) -> Bool {
    guard index >= 0, index + text.utf8CodeUnitCount <= byteCount else { return false }
    for place in 0..<text.utf8CodeUnitCount {
      // SAFETY: `place` is below the literal's own length.
      if unsafe self[byte: index + place] != text.utf8Start[place] { return false }
    }
    return true
  }
}
