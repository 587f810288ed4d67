/// A moment as people read it: `2026-11-20T14:30:03.111222333Z`.
struct UTCTime: CustomStringConvertible {
  /// Since 1970-01-01 UTC.
  let nanoseconds: UInt64

  var description: String {
    let seconds = Int(nanoseconds / 1_000_000_000)
    let (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
    let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
    let fraction = padded(Int(nanoseconds % 1_000_000_000), 9)
    return
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time.joined(separator: ":")).\(fraction)Z"
  }

  /// The date in the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
  /// civil_from_days): years begin in March, so that the leap day is the last of its year.
  private static func date(daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSince1970 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
  }

  private func padded(_ value: Int, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
