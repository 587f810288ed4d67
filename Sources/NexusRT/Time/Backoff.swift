// How long to wait before the next attempt, and when to stop.

internal import CNexus

/// The waits between attempts: each longer than the last by a factor, up to a maximum, with some of it left to chance so
/// that many who fail together do not come back together.
///
/// ```swift
/// let stream = try await retry(Backoff(initial: .milliseconds(50), retries: 8, jitter: 0.5)) {
///   try await TCPStream.connect(to: address)
/// }
/// ```
public struct Backoff: Sendable {
  /// The first wait.
  public let initial: Duration
  /// What each wait is multiplied by for the next.
  public let factor: Double
  /// The longest wait.
  public let maximum: Duration
  /// How many waits there are at most; nil is no limit.
  public let retryLimit: Int?
  /// When to stop; nil is never. A wait that would go past it ends at it, and the attempt after that is the last.
  public let deadline: Deadline?
  /// How much of each wait is random: of a wait of d it is one between (1 - jitter) d and d.
  public let jitter: Double

  /// Waits so far, since the last `reset`.
  public private(set) var retries = 0
  /// The next wait before jitter, in ns.
  private var delay: UInt64
  /// SplitMix64.
  private var random: UInt64

  /// - Parameters:
  ///   - retries: How many waits there are at most; nil is no limit.
  ///   - seed: What the random part is made of: the same seed, the same waits. nil takes a number of the thread's generator,
  ///     which `Schedule.random(seed:)` seeds.
  ///
  /// Traps unless `initial` is positive and not above `maximum`, `factor` is at least 1, `retries` is not negative and `jitter` is
  /// within 0...1.
  public init(
    initial: Duration = .milliseconds(100), factor: Double = 2, maximum: Duration = .seconds(30),
    retries: Int? = nil, deadline: Deadline? = nil, jitter: Double = 0, seed: UInt64? = nil
  ) {
    require(initial > .zero, "NexusRT: a Backoff begins with \(initial): it must be longer than zero")
    require(
      initial <= maximum,
      "NexusRT: a Backoff begins with \(initial), which is longer than its maximum of \(maximum)")
    require(
      factor >= 1 && factor.isFinite, "NexusRT: a Backoff has the factor \(factor): it must be at least 1")
    require(
      (0...1).contains(jitter), "NexusRT: a Backoff has a jitter of \(jitter): it must be within 0...1")
    require(
      (retries ?? 0) >= 0, "NexusRT: a Backoff allows \(retries ?? 0) retries: it must be 0 or more, or nil")
    self.initial = initial
    self.factor = factor
    self.maximum = maximum
    retryLimit = retries
    self.deadline = deadline
    self.jitter = jitter
    delay = initial.clampedNanoseconds
    random = seed ?? UInt64(nexus_random_below(.max)) << 32 | UInt64(nexus_random_below(.max))
  }

  /// Whether there is no next wait.
  public var isExhausted: Bool { exhaustion(at: Deadline.now) != nil }

  /// The next wait, and one step on; nil if there is none.
  public mutating func next() -> Duration? {
    guard case .wait(let wait) = step(at: Deadline.now) else { return nil }
    return .nanoseconds(Int64(clamping: wait))
  }

  /// Waits before the next attempt, of which the last failed with `error`.
  ///
  /// - Throws: `RetriesExhausted` with `error`, without a wait, if there are no more; `CancellationError` if the task or a
  ///   cancel scope it is in is cancelled before or meanwhile.
  ///
  /// Traps outside a task of a runtime.
  nonisolated(nonsending) public mutating func wait(after error: any Error) async throws {
    let now = Deadline.now
    switch step(at: now) {
    case .wait(let wait): try await sleep(until: now.advanced(byNanoseconds: wait))
    case .over(let limit): throw RetriesExhausted(limit: limit, retries: retries, lastError: error)
    }
  }

  /// Begins with the first wait again, with all retries. The deadline stays.
  public mutating func reset() {
    retries = 0
    delay = initial.clampedNanoseconds
  }

  private func exhaustion(at now: Deadline) -> RetriesExhausted.Limit? {
    if let retryLimit, retries >= retryLimit { return .retries }
    if let deadline, deadline <= now { return .deadline }
    return nil
  }

  private enum Step {
    /// So many ns.
    case wait(UInt64)
    case over(RetriesExhausted.Limit)
  }

  /// The next wait, and one step on.
  private mutating func step(at now: Deadline) -> Step {
    if let limit = exhaustion(at: now) { return .over(limit) }
    var wait = delay
    if jitter > 0 { wait -= UInt64((Double(delay) * jitter * nextShare()).rounded(.down)) }
    if let deadline { wait = min(wait, deadline.nanoseconds - now.nanoseconds) }
    retries += 1
    let longest = maximum.clampedNanoseconds
    let grown = (Double(delay) * factor).rounded()
    delay = grown < Double(longest) ? UInt64(grown) : longest
    return .wait(wait)
  }

  /// A number of 0..<1.
  private mutating func nextShare() -> Double {
    random &+= 0x9E37_79B9_7F4A_7C15
    var z = random
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Double(z >> 11) * 0x1p-53
  }
}

/// What a `Backoff` throws when there are no more attempts.
public struct RetriesExhausted: Error, CustomStringConvertible {
  /// What ended them.
  public enum Limit: Sendable, Equatable {
    case retries
    case deadline
  }

  public let limit: Limit
  /// How many waits there were: one less than attempts.
  public let retries: Int
  /// What the last attempt threw.
  public let lastError: any Error

  public var description: String {
    let reason = limit == .retries ? "no more were allowed" : "the time was up"
    return "gave up after \(retries) retries, because \(reason); the last attempt threw: \(lastError)"
  }
}
