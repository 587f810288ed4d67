// The channel with many senders and one receiver, across threads.

public import Synchronization

/// Makes channels with any number of senders and one receiver, in tasks and threads.
///
/// Sending is one atomic exchange, receiving none; no lock, unless senders wait.
public enum MPSC {
  /// A channel that holds up to `capacity` values; anything less than 1 traps. Its memory is allocated here, for the next
  /// power of two. Any thread.
  @inlinable
  public static func channel<Element: Sendable>(
    of type: Element.Type, capacity: Int
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    requireCapacity(capacity, atLeast: 1)
    let core = MPSCCore<Element>(capacity: capacity)
    return ChannelEnds(Sender(core), Receiver(core))
  }

  /// A sender; `clone()` makes more. Any number of tasks and threads may use one at a time.
  @frozen
  @safe
  public struct Sender<Element: Sendable>: SharedChannelSender, ~Copyable, @unchecked Sendable {
    // Unchecked: the core's sending half is made for many threads.
    public let _core: MPSCCore<Element>

    @inlinable
    init(_ core: MPSCCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeSender() }

    /// Another sender of the channel. O(1), any thread.
    @inlinable
    public borrowing func clone() -> Sender<Element> {
      _core.addSender()
      return Sender(_core)
    }

    /// A handle that does not keep the channel open. O(1), any thread.
    @inlinable
    public borrowing func downgrade() -> WeakSender<Element> { WeakSender(_core) }

    /// How many senders there are. Out of date as soon as it is known.
    @inlinable
    public var senderCount: Int { unsafe _core.block.pointee.senders.load(ordering: .relaxed) }

    /// Lets this sender go: the same as dropping it, said aloud.
    @inlinable
    public consuming func close() {}
  }

  /// A handle that does not keep the channel open, and becomes a sender again while that is open.
  @frozen
  @safe
  public struct WeakSender<Element: Sendable>: ~Copyable, @unchecked Sendable {
    // Unchecked: as the sender.
    @usableFromInline let core: MPSCCore<Element>

    @inlinable
    init(_ core: MPSCCore<Element>) {
      self.core = core
      unsafe core.block.pointee.handles.add(1, ordering: .relaxed)
    }

    @inlinable
    deinit { core.releaseHandle() }

    /// Another handle of this kind. O(1), any thread.
    @inlinable
    public borrowing func clone() -> WeakSender<Element> { WeakSender(core) }

    /// A sender, or nil once the last one has gone: a channel that closed stays closed. O(1), any thread.
    @inlinable
    public borrowing func upgrade() -> Sender<Element>? { core.addSenderIfOpen() ? Sender(core) : nil }
  }

  /// The only receiver. It can be moved to another task or thread.
  @frozen
  @safe
  public struct Receiver<Element: Sendable>: ChannelReceiver, ~Copyable, @unchecked Sendable {
    // Unchecked: the core's receiving half has one owner, and receiving takes it exclusively.
    public let _core: MPSCCore<Element>

    @inlinable
    init(_ core: MPSCCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeReceiver() }

    /// Closes the channel from this side now: the same as dropping the receiver, said aloud.
    @inlinable
    public consuming func close() {}
  }
}
