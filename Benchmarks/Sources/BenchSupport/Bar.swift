// The bars: what a result is held to.

/// A bar a result is held to.
public enum Bar: Sendable {
  /// In the benchmark's own unit (ns).
  case atMost(Double)
  /// Millions a second.
  case atLeastMillions(Double)

  /// Whether a result of `nanoseconds` each reaches it.
  public func isReached(by nanoseconds: Double) -> Bool {
    switch self {
    case .atMost(let limit): nanoseconds <= limit
    case .atLeastMillions(let limit): 1000 / nanoseconds >= limit
    }
  }

  /// As in "PASS  <= 30 ns".
  public func verdict(on nanoseconds: Double) -> String {
    let mark = isReached(by: nanoseconds) ? "PASS" : "over"
    return switch self {
    case .atMost(let limit): "\(mark)  <= \(Int(limit)) ns"
    case .atLeastMillions(let limit): "\(mark)  >= \(Int(limit)) M/s"
    }
  }
}
