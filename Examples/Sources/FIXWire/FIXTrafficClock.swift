/// The time of generated traffic: starts at a fixed moment of a trading day and moves by random steps, so that
/// the same seed gives the same bytes.
struct FIXTrafficClock {
  private var second = 14 * 3600 + 30 * 60
  private var day = 20
  private var microsecond = 0

  /// Moves on by `microseconds`, less than a second. A day ends at midnight and November has 30 of them.
  mutating func advance(microseconds: Int) {
    microsecond += microseconds
    if microsecond >= 1_000_000 {
      microsecond -= 1_000_000
      second += 1
      if second == 86_400 {
        second = 0
        day = day == 30 ? 1 : day + 1
      }
    }
  }

  /// A UTCTimestamp (FIX 4.4 volume 1), with milliseconds or without.
  func write(to writer: inout FIXWriter, milliseconds: Bool = true) {
    writer.text("202611")
    writer.padded(day, digits: 2)
    writer.byte(UInt8(ascii: "-"))
    writeTimeOnly(to: &writer, milliseconds: milliseconds)
  }

  /// A UTCTimeOnly.
  func writeTimeOnly(to writer: inout FIXWriter, milliseconds: Bool = true) {
    writer.padded(second / 3600, digits: 2)
    writer.byte(UInt8(ascii: ":"))
    writer.padded(second / 60 % 60, digits: 2)
    writer.byte(UInt8(ascii: ":"))
    writer.padded(second % 60, digits: 2)
    if milliseconds {
      writer.byte(UInt8(ascii: "."))
      writer.padded(microsecond / 1000, digits: 3)
    }
  }
}
