extension FIXFramer {
  /// The length of the message at `offset` where all of it is at hand and nothing is wrong with it, else 0.
  ///
  /// This is the path of every good message, so it reads words: BeginString is compared as one, its end and the
  /// trailer are found in one each, and the checksum runs 32 bytes at a time. Where it returns 0 nothing is
  /// decided: rare forms (a long BeginString, fewer than `least` bytes at hand, more than `limit` to sum) are left to
  /// the careful path, which accepts everything accepted here.
  ///
  /// - Parameter least: at least `shortcutLength`.
  @inline(__always)
  static func lengthOfSoundMessage(
    in bytes: RawSpan, at offset: Int, ifAtHand least: Int, summingAtMost limit: Int
  ) -> Int {
    guard offset >= 0, bytes.byteCount - offset >= least else { return 0 }
    // SAFETY: `least` is at least 32, so 32 bytes stand at `offset`; every load up to the trailer's stays within them.
    let begin = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    guard begin & 0xFF_FFFF_FFFF == 0x58_4946_3D38 else { return 0 }  // "8=FIX"

    let version = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 5, as: UInt64.self)
    let ends = zeroBytes(version ^ 0x0101_0101_0101_0101) | zeroBytes(version ^ 0x3D3D_3D3D_3D3D_3D3D)
    guard ends != 0 else { return 0 }
    let sohPlace = ends.trailingZeroBitCount & ~7
    guard UInt8(truncatingIfNeeded: version >> UInt64(sohPlace)) == FIXByte.soh else { return 0 }

    var place = offset &+ 6 &+ sohPlace / 8
    let tag = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: UInt16.self)
    guard tag == 0x3D39 else { return 0 }  // "9="
    place &+= 2
    let firstDigit = place
    var bodyLength = 0
    while true {
      let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: place, as: UInt8.self)
      let digit = byte &- FIXByte.zero
      if digit > 9 {
        guard byte == FIXByte.soh, place != firstDigit else { return 0 }
        break
      }
      bodyLength = bodyLength &* 10 &+ Int(digit)
      place &+= 1
      guard place &- firstDigit <= 8 else { return 0 }
    }

    // At most eight digits: no sum of places overflows.
    let trailerStart = place &+ 1 &+ bodyLength
    let end = trailerStart &+ MessageStart.trailerLength
    guard end <= bytes.byteCount, trailerStart &- offset <= limit else { return 0 }
    // SAFETY: the trailer and the byte before it end at `end`, which is within the span.
    let trailer = unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: trailerStart - 1, as: UInt64.self)
    guard trailer & 0xFF00_0000_FFFF_FFFF == 0x0100_0000_3D30_3101 else { return 0 }  // SOH "10=" ... SOH
    let hundreds = Int(trailer >> 32 & 0xFF) - 48
    let tens = Int(trailer >> 40 & 0xFF) - 48
    let ones = Int(trailer >> 48 & 0xFF) - 48
    guard UInt(bitPattern: hundreds) <= 9, UInt(bitPattern: tens) <= 9, UInt(bitPattern: ones) <= 9,
      Int(bytes.byteSum(offset..<trailerStart)) == hundreds * 100 + tens * 10 + ones
    else { return 0 }
    return end &- offset
  }

  /// "8=FIX", a version of at most 7 bytes, SOH, "9=", 8 digits and SOH end within 24 bytes, and are read by words.
  static let shortcutLength = 32

  /// The high bit of every byte of `word` that is zero; bits above the lowest one set may be wrong
  /// (H. S. Warren, Hacker's Delight, section 6-1).
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }
}
