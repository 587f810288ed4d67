// The bars: what a result is held to.

/// A bar a result is held to.
public enum Bar: Sendable {
  /// In the benchmark's own unit (ns).
  case atMost(Double)
  /// Millions a second.
  case atLeastMillions(Double)
  /// So many times what another line of the same group takes.
  case atMostTimes(Double, of: String)

  /// Whether a result of `nanoseconds` each reaches it.
  public func isReached(by nanoseconds: Double) -> Bool {
    switch self {
    case .atMost(let limit): nanoseconds <= limit
    case .atLeastMillions(let limit): 1000 / nanoseconds >= limit
    case .atMostTimes: false
    }
  }

  /// The same bar in the benchmark's own unit, where it is one relative to others. nil if there is no number of theirs.
  func resolved(_ others: (String) -> Double?) -> Bar? {
    guard case .atMostTimes(let factor, let name) = self else { return self }
    return others(name).map { .atMost(factor * $0) }
  }

  /// As in "0.5 of tokio".
  var origin: String? {
    guard case .atMostTimes(let factor, let name) = self else { return nil }
    return "\((factor * 100).rounded() / 100) of \(name)"
  }

  /// As in "PASS  <= 30 ns".
  public func verdict(on nanoseconds: Double) -> String {
    let mark = isReached(by: nanoseconds) ? "PASS" : "over"
    return switch self {
    case .atMost(let limit): "\(mark)  <= \(Int(limit)) ns"
    case .atLeastMillions(let limit): "\(mark)  >= \(Int(limit)) M/s"
    case .atMostTimes: mark
    }
  }
}
