// The channel between tasks of one runtime.

/// Makes channels between tasks of one runtime: the fastest kind, without atomics, whose values need not be `Sendable`.
///
/// Its ends can not leave their thread: they are not `Sendable`.
public enum Local {
  /// A channel that holds up to `capacity` values; anything less than 1 traps. Its memory is allocated here, for the next
  /// power of two.
  @inlinable
  public static func channel<Element>(
    of type: Element.Type, capacity: Int
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    requireCapacity(capacity, atLeast: 1)
    let core = LocalCore<Element>(capacity: capacity)
    return ChannelEnds(Sender(core), Receiver(core))
  }

  /// A sender; `clone()` makes more.
  @frozen
  @safe
  public struct Sender<Element>: SharedChannelSender, ~Copyable {
    public let _core: LocalCore<Element>

    @inlinable
    init(_ core: LocalCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeSender() }

    /// Another sender of the channel. O(1).
    @inlinable
    public borrowing func clone() -> Sender<Element> {
      _core.addSender()
      return Sender(_core)
    }

    /// A handle that does not keep the channel open. O(1).
    @inlinable
    public borrowing func downgrade() -> WeakSender<Element> { WeakSender(_core) }

    /// How many senders there are. O(1).
    @inlinable
    public var senderCount: Int { unsafe _core.block.pointee.senders }

    /// Lets this sender go: the same as dropping it, said aloud.
    @inlinable
    public consuming func close() {}
  }

  /// A handle that does not keep the channel open, and becomes a sender again while that is open.
  @frozen
  @safe
  public struct WeakSender<Element>: ~Copyable {
    @usableFromInline let core: LocalCore<Element>

    @inlinable
    init(_ core: LocalCore<Element>) {
      self.core = core
      core.retain()
    }

    @inlinable
    deinit { core.releaseHandle() }

    /// Another handle of this kind. O(1).
    @inlinable
    public borrowing func clone() -> WeakSender<Element> { WeakSender(core) }

    /// A sender, or nil once the last one has gone: a channel that closed stays closed. O(1).
    @inlinable
    public borrowing func upgrade() -> Sender<Element>? {
      if unsafe core.block.pointee.senders == 0 { return nil }
      core.addSender()
      return Sender(core)
    }
  }

  /// The only receiver.
  @frozen
  @safe
  public struct Receiver<Element>: ChannelReceiver, ~Copyable {
    public let _core: LocalCore<Element>

    @inlinable
    init(_ core: LocalCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeReceiver() }

    /// Closes the channel from this side now: the same as dropping the receiver, said aloud.
    @inlinable
    public consuming func close() {}
  }
}

@available(*, unavailable)
extension Local.Sender: Sendable {}

@available(*, unavailable)
extension Local.WeakSender: Sendable {}

@available(*, unavailable)
extension Local.Receiver: Sendable {}
