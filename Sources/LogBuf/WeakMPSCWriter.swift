// What can become a writer again as long as there is another one, and does not hold the ring open itself.

/// Neither a writer nor the reader of a ring: it makes a new writer while at least one is there.
///
/// It keeps the ring's memory, and nothing else: the reader is told that all writers are gone whether or not there are some
/// of these.
@frozen
public struct WeakMPSCWriter: ~Copyable, @unchecked Sendable {
  @usableFromInline let ring: _RingHandle

  /// Takes over one keeper's share of the ring.
  @inlinable
  init(adopting ring: _RingHandle) { self.ring = ring }

  @inlinable
  deinit { ring.leave(share: _RingHandle.keeperShare) }

  /// A new writer, or nil once all writers are gone.
  ///
  /// - Complexity: O(1), lock-free. Allocates nothing. Any thread, and several at a time.
  @inlinable
  public borrowing func upgrade() -> MPSCWriter? {
    // It knows nothing of the head yet and asks for it at its first claim that needs to know.
    ring.addWriterBesidesOthers() ? MPSCWriter(adopting: ring) : nil
  }
}

extension MPSCWriter {
  /// What can make another writer later, as long as one is there then.
  ///
  /// - Complexity: O(1). Allocates nothing.
  @inlinable
  public borrowing func downgrade() -> WeakMPSCWriter {
    ring.addKeeper()
    return WeakMPSCWriter(adopting: ring)
  }
}
