// Room in a channel that belongs to somebody before there is a value for it.

/// Room for one value. It borrows its sender, so it is used or dropped before that sends again.
///
/// Dropping a permit gives the room to whoever waits for it: O(1).
@frozen
@safe
public struct SendPermit<Core: _SenderCore>: ~Copyable, ~Escapable {
  @usableFromInline let core: Core
  /// Whether the room was used. (`discard self` would say it better, but is not for generic fields.)
  @usableFromInline var isUsed = false

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ core: Core) { self.core = core }

  @inlinable
  deinit { if !isUsed { core.release() } }

  /// Sends into the room, at once.
  ///
  /// - Throws: `SendError.closed`, with the value, if the channel was closed since.
  /// - Complexity: O(1), no allocation in steady state, no system call but to wake a receiver that sleeps. From tasks and
  ///   threads alike; cancellation makes no difference.
  @inlinable @inline(__always)
  public consuming func send(_ value: consuming Core.Element) throws(SendError<Core.Element>) {
    isUsed = true
    if let back = core.fill(value) { throw .closed(back) }
  }
}
