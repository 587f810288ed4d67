// How a plain thread looks for a while before it parks.

public import CNexus
internal import Glibc

@usableFromInline
enum Spin {
  /// How often it looks, with a pause in between: about 20 us in all on a machine with idle cores. The other side is at work
  /// as a rule, and a thread that sleeps is slow to wake.
  @inlinable static var rounds: Int { 40 }

  /// Spins at first; then lets other threads run, of which one may be the other side.
  @inlinable @inline(__always)
  static func pause(_ round: Int) {
    if round < 8 {
      for _ in 0..<32 { nexus_spin_hint() }
    } else {
      giveWay()
    }
  }

  @usableFromInline
  static func giveWay() { sched_yield() }
}
