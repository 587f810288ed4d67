// The channel with many senders and many receivers, which any of them can close.

public import Synchronization

/// Makes channels with any number of senders and receivers, in tasks and threads.
///
/// Values are received in the order in which they were sent, each by one receiver; those who wait, on either side, are
/// served in the order in which they came. Each operation takes the channel's lock, for O(1).
public enum MPMC {
  /// A channel.
  ///
  /// - Parameters:
  ///   - capacity: How many values it holds; a negative one traps. With 0 it is a rendezvous: a send completes when its value
  ///     is received.
  ///   - closing: What a send on a closed channel is: an error that gives the value back, or, as in Go, a trap.
  @inlinable
  public static func channel<Element: Sendable>(
    of type: Element.Type, capacity: Int, closing rule: CloseRule = .errors
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    requireCapacity(capacity, atLeast: 0)
    let core = MPMCCore<Element>(capacity: capacity, rule: rule)
    return ChannelEnds(Sender(core), Receiver(core))
  }

  /// A channel that holds any number of values: a send never waits, and a `trySend` is never `full`. Its memory grows with
  /// what is not received.
  @inlinable
  public static func unbounded<Element: Sendable>(
    of type: Element.Type, closing rule: CloseRule = .errors
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    let core = MPMCCore<Element>(capacity: .max, rule: rule)
    return ChannelEnds(Sender(core), Receiver(core))
  }

  /// A sender; `clone()` makes more. Any number of tasks and threads may use one at a time.
  @frozen
  @safe
  public struct Sender<Element: Sendable>: SharedChannelSender, ~Copyable, @unchecked Sendable {
    // Unchecked: the core is made for many threads.
    public let _core: MPMCCore<Element>

    @inlinable
    init(_ core: MPMCCore<Element>) { _core = core }

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

    /// A receiver of the channel, or nil once the last one has gone. O(1), any thread.
    @inlinable
    public borrowing func subscribe() -> Receiver<Element>? {
      unsafe _core.addIfAny(_core.block.pointee.receiverCount) ? Receiver(_core) : nil
    }

    /// Closes the channel for all: everybody who waits on either side is woken, senders that wait get their values back,
    /// and what was sent before is still received.
    ///
    /// - Returns: Whether it was open. O(those who wait), any thread.
    @inlinable
    @discardableResult
    public borrowing func close() -> Bool { _core.closeOnce() }

    /// How many senders there are. Out of date as soon as it is known.
    @inlinable
    public var senderCount: Int { unsafe _core.block.pointee.senderCount.load(ordering: .relaxed) }

    /// How many receivers there are. Out of date as soon as it is known.
    @inlinable
    public var receiverCount: Int { unsafe _core.block.pointee.receiverCount.load(ordering: .relaxed) }
  }

  /// A handle that does not keep the channel open, and becomes a sender again while senders are left.
  @frozen
  @safe
  public struct WeakSender<Element: Sendable>: ~Copyable, @unchecked Sendable {
    // Unchecked: as the sender.
    @usableFromInline let core: MPMCCore<Element>

    @inlinable
    init(_ core: MPMCCore<Element>) {
      self.core = core
      unsafe core.block.pointee.handles.add(1, ordering: .relaxed)
    }

    @inlinable
    deinit { core.releaseHandle() }

    /// Another handle of this kind. O(1), any thread.
    @inlinable
    public borrowing func clone() -> WeakSender<Element> { WeakSender(core) }

    /// A sender, or nil once the last one has gone. O(1), any thread.
    @inlinable
    public borrowing func upgrade() -> Sender<Element>? {
      unsafe core.addIfAny(core.block.pointee.senderCount) ? Sender(core) : nil
    }
  }

  /// A receiver; `clone()` makes more. Any number of tasks and threads may use one at a time.
  @frozen
  @safe
  public struct Receiver<Element: Sendable>: SharedChannelReceiver, ~Copyable, @unchecked Sendable {
    // Unchecked: the core is made for many threads.
    public let _core: MPMCCore<Element>

    @inlinable
    init(_ core: MPMCCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeReceiver() }

    /// Another receiver of the channel: each value goes to one of them. O(1), any thread.
    @inlinable
    public borrowing func clone() -> Receiver<Element> {
      _core.addReceiver()
      return Receiver(_core)
    }

    /// Closes the channel for all, as `Sender.close()`.
    @inlinable
    @discardableResult
    public borrowing func close() -> Bool { _core.closeOnce() }

    /// How many senders there are. Out of date as soon as it is known.
    @inlinable
    public var senderCount: Int { unsafe _core.block.pointee.senderCount.load(ordering: .relaxed) }

    /// How many receivers there are. Out of date as soon as it is known.
    @inlinable
    public var receiverCount: Int { unsafe _core.block.pointee.receiverCount.load(ordering: .relaxed) }
  }
}

extension MPMCCore {
  /// Closes by a user's wish, which under Go's rules is allowed once. That the last end of the other side went before, which closes
  /// the channel too, no user can know.
  @inlinable
  func closeOnce() -> Bool {
    let wasClosed = unsafe withLock { block in
      defer { unsafe block.pointee.isClosedByUser = true }
      return unsafe block.pointee.isClosedByUser
    }
    if unsafe wasClosed && block.pointee.rule == .traps {
      fatalError("NexusChannels: a channel was closed that was closed already")
    }
    return close()
  }
}
