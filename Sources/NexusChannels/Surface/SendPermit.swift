// Room in a channel that belongs to somebody before there is a value for it.

/// Room for one value. It borrows its sender, so it is used or dropped before that sends again.
///
/// Dropping a permit gives the room to whoever waits for it: O(1).
@frozen
@safe
public struct SendPermit<Core: _SenderCore>: ~Copyable, ~Escapable {
  /// The core, which is a pointer. Not as a `Core`: of a noncopyable struct whose layout depends on a type parameter, Swift
  /// 6.3 without optimisation skips the deinit in other modules, or runs it on a result that was never made because
  /// the function threw.
  @usableFromInline let pointer: UnsafeMutableRawPointer
  /// Whether the room was used. (`discard self` would say it better, but is not for generic fields.)
  @usableFromInline var isUsed = false
  @usableFromInline let anchor = DeinitAnchor()

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(_ core: Core) {
    // Sound: every core is one pointer, which the cast checks as far as the size goes.
    unsafe pointer = unsafeBitCast(core, to: UnsafeMutableRawPointer.self)
  }

  @inlinable
  deinit { if !isUsed { core.release() } }

  @inlinable
  var core: Core {
    @inline(__always) get { unsafe unsafeBitCast(pointer, to: Core.self) }
  }

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
