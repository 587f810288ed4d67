// How a plain thread looks for a while before it parks.

public import CNexus

@usableFromInline
enum Spin {
  /// How often it looks, with a pause in between: about 20 us in all. The other side is at work as a rule, and a thread
  /// that sleeps is slow to wake.
  @inlinable static var rounds: Int { 40 }

  @inlinable @inline(__always)
  static func pause() { for _ in 0..<32 { nexus_spin_hint() } }
}
