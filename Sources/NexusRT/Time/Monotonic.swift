// The loop's clock.

internal import Glibc

enum Monotonic {
  /// CLOCK_MONOTONIC in ns. About 20 ns: read through the vDSO, without a system call.
  @inline(__always)
  static func now() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

extension Duration {
  /// Whole ns, rounded up, kept within 0 ... `UInt64.max / 2` so that it can be added to a time.
  var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    if seconds < 0 || (seconds == 0 && attoseconds <= 0) { return 0 }
    let (nanoseconds, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let limit = UInt64.max / 2
    if overflow || nanoseconds > limit { return limit }
    return min(limit, nanoseconds + UInt64((attoseconds + 999_999_999) / 1_000_000_000))
  }
}
