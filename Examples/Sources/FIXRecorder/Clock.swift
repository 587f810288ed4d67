internal import Glibc

/// The two clocks of a recorder, in nanoseconds, read without a system call.
enum Clock {
  /// Since 1970: what is kept with a message.
  static func sinceEpoch() -> UInt64 { read(CLOCK_REALTIME) }

  /// For intervals: never set back.
  static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// The system's words for an error number.
func describe(errno code: Int32) -> String {
  // SAFETY: strerror returns a C string that is copied before any other call.
  unsafe String(cString: strerror(code))
}
