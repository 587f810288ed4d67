// Waits that were claimed under a lock, to be resumed once it is free.

public import NexusRT

/// Some tokens, kept without allocation.
@usableFromInline
struct WakeList {
  @inlinable static var most: Int { 16 }
  @usableFromInline var tokens: InlineArray<16, WakeToken> = InlineArray(repeating: .none)
  @usableFromInline var count = 0

  @inlinable init() {}

  @inlinable var isFull: Bool { count == WakeList.most }

  @inlinable
  mutating func append(_ token: WakeToken) {
    tokens[count] = token
    count += 1
  }

  /// Lets the waiters go on, whose waits were claimed. Outside of any lock.
  @inlinable
  func resumeAll() {
    for index in 0..<count { tokens[index].resumeClaimed() }
  }
}
