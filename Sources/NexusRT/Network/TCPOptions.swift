// Options of a TCP connection, before and while it is one.

internal import Glibc

/// When a silent connection is asked whether it still lives. Times are in whole seconds, rounded up, at least one.
public struct KeepAlive: Sendable, Hashable {
  /// How long nothing must have come before the first question.
  public var idle: Duration
  /// How long an answer is waited for before the next.
  public var interval: Duration
  /// How many questions without an answer end the connection, with `ETIMEDOUT`.
  public var probes: Int

  /// Linux's own numbers.
  public init(idle: Duration = .seconds(7200), interval: Duration = .seconds(75), probes: Int = 9) {
    self.idle = idle
    self.interval = interval
    self.probes = probes
  }
}

/// A TCP socket, connected or on its way.
public protocol TCPOptions: Socket, ~Copyable {}

extension TCPOptions where Self: ~Copyable {
  /// Whether small pieces are sent at once and not collected while others are unacknowledged (`TCP_NODELAY`). Off at first.
  public var noDelay: Bool {
    get throws(IOError) { try flag(Int32(IPPROTO_TCP), TCP_NODELAY, "TCP_NODELAY") }
  }

  public func setNoDelay(_ isOn: Bool) throws(IOError) {
    try setFlag(Int32(IPPROTO_TCP), TCP_NODELAY, "TCP_NODELAY", isOn)
  }

  /// Whether and when the peer is asked whether it is still there (`SO_KEEPALIVE`); nil, as at first, if never.
  public var keepAlive: KeepAlive? {
    get throws(IOError) {
      guard try flag(SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE") else { return nil }
      return KeepAlive(
        idle: .seconds(try tcp(TCP_KEEPIDLE, "TCP_KEEPIDLE")),
        interval: .seconds(try tcp(TCP_KEEPINTVL, "TCP_KEEPINTVL")),
        probes: try tcp(TCP_KEEPCNT, "TCP_KEEPCNT"))
    }
  }

  /// - Throws: `IOError` with `EINVAL` if the kernel does not take a number: times are limited to 32,767 s, probes to 127.
  public func setKeepAlive(_ keepAlive: KeepAlive?) throws(IOError) {
    if let keepAlive {
      try setTCP(TCP_KEEPIDLE, "TCP_KEEPIDLE", max(1, keepAlive.idle.secondsRoundedUp))
      try setTCP(TCP_KEEPINTVL, "TCP_KEEPINTVL", max(1, keepAlive.interval.secondsRoundedUp))
      try setTCP(TCP_KEEPCNT, "TCP_KEEPCNT", Int32(clamping: keepAlive.probes))
    }
    try setFlag(SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", keepAlive != nil)
  }

  /// What happens to bytes that are not sent yet when the socket is closed (`SO_LINGER`): nil, as at first, sends them behind
  /// the program's back. A time has the *closing call block the thread* for that long at most; zero throws them away and resets the
  /// connection, at once.
  ///
  /// Linux resets the connection also, and drops what is not delivered yet, if bytes that came were not received: where that may be,
  /// `shutdown(.write)` and receive until 0 first.
  public var linger: Duration? {
    get throws(IOError) {
      let value = try SystemSocket.get(descriptor, SOL_SOCKET, SO_LINGER, "SO_LINGER", Glibc.linger())
      return value.l_onoff == 0 ? nil : .seconds(Int(value.l_linger))
    }
  }

  /// - Parameter time: In whole seconds, rounded up.
  public func setLinger(_ time: Duration?) throws(IOError) {
    let value = Glibc.linger(l_onoff: time == nil ? 0 : 1, l_linger: time?.secondsRoundedUp ?? 0)
    try SystemSocket.set(descriptor, SOL_SOCKET, SO_LINGER, "SO_LINGER", to: value)
  }

  private func tcp(_ option: Int32, _ name: StaticString) throws(IOError) -> Int {
    Int(try SystemSocket.get(descriptor, Int32(IPPROTO_TCP), option, name, Int32(0)))
  }

  private func setTCP(_ option: Int32, _ name: StaticString, _ value: Int32) throws(IOError) {
    try SystemSocket.set(descriptor, Int32(IPPROTO_TCP), option, name, to: value)
  }
}

extension Duration {
  /// Whole seconds, not negative, as the kernel's numbers are.
  fileprivate var secondsRoundedUp: Int32 {
    let (seconds, attoseconds) = components
    return max(0, Int32(clamping: attoseconds > 0 ? seconds + 1 : seconds))
  }
}
