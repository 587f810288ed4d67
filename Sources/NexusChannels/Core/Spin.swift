// How a plain thread looks for a while before it parks.

public import CNexus

/// One stretch of looking: `repeat { look } while spin.pause()`, and then park.
///
/// About 20 us in all on a machine with idle cores: the other side is at work as a rule, and a thread that sleeps is slow
/// to wake.
@usableFromInline
struct Spin {
  @usableFromInline var pauses = 0
  @inlinable init() {}

  /// Spins at first; then lets other threads run, of which one may be the other side.
  ///
  /// - Returns: Whether to look once more before parking. Not so if somebody else had this core for longer than a wake takes:
  ///   among threads that never sleep, a thread that gives way again and again would get nothing done.
  @inlinable @inline(__always)
  mutating func pause() -> Bool {
    pauses &+= 1
    guard pauses > 8 else {
      for _ in 0..<32 { nexus_spin_hint() }
      return true
    }
    return nexus_give_way() && pauses < 40
  }
}
