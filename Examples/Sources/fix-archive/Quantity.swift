/// Numbers as people read them.
enum Quantity {
  /// `12 345 678`.
  static func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
      if index > 0 && index % 3 == 0 && digit != "-" { text.append(" ") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// `1.23 GB`, in powers of 1000.
  static func bytes(_ count: Int) -> String { scaled(Double(count), ["B", "kB", "MB", "GB", "TB", "PB"]) }

  /// `8.12 M/s`.
  static func rate(_ perSecond: Double) -> String { scaled(perSecond, ["/s", "k/s", "M/s", "G/s"]) }

  /// `12.3 us`, of nanoseconds.
  static func time(_ nanoseconds: UInt64) -> String { scaled(Double(nanoseconds), ["ns", "us", "ms", "s"]) }

  /// Three significant digits and the unit that fits.
  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var value = value
    var unit = 0
    while value >= 999.5 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return "\(Int(value.rounded())) \(units[0])" }
    let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
    return fixed(value, digits) + " " + units[unit]
  }

  /// `value` with `digits` digits behind the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    if digits == 0 { return String(Int(value.rounded())) }
    let scale = digits == 1 ? 10 : digits == 2 ? 100 : 1000
    let rounded = Int((value * Double(scale)).rounded())
    let fraction = String(rounded % scale)
    return "\(rounded / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
