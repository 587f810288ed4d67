// Time, in nanoseconds.

import Glibc

/// CLOCK_MONOTONIC now, in ns.
public func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// How long `body` took, in ns.
public func nanoseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = now()
  try body()
  return Double(now() - start)
}

/// Keeps the compiler from working out a value, and whatever led to it, in advance.
@inline(never)
public func opaque<Value>(_ value: Value) -> Value { value }
