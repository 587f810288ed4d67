// The channel with one sender and one receiver, across threads or within one.

/// Makes channels with one sender and one receiver, each in a task or a thread of its own or in the same.
///
/// The fastest way from one thread to another: no atomic read-modify-write and no fence per value.
public enum SPSC {
  /// A channel that holds up to `capacity` values; anything less than 1 traps. Its memory is allocated here, for the next
  /// power of two. Any thread.
  @inlinable
  public static func channel<Element: Sendable>(
    of type: Element.Type, capacity: Int
  ) -> ChannelEnds<Sender<Element>, Receiver<Element>> {
    requireCapacity(capacity, atLeast: 1)
    let core = SPSCCore<Element>(capacity: capacity)
    return ChannelEnds(Sender(core), Receiver(core))
  }

  /// The only sender. It can be moved to another task or thread.
  @frozen
  @safe
  public struct Sender<Element: Sendable>: ChannelSender, ~Copyable, @unchecked Sendable {
    // Unchecked: the core's sending half has one owner, and sending takes it exclusively.
    public let _core: SPSCCore<Element>

    @inlinable
    init(_ core: SPSCCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeSender() }

    /// Closes the channel from this side now: the same as dropping the sender, said aloud.
    @inlinable
    public consuming func close() {}
  }

  /// The only receiver. It can be moved to another task or thread.
  @frozen
  @safe
  public struct Receiver<Element: Sendable>: ChannelReceiver, ~Copyable, @unchecked Sendable {
    // Unchecked: the core's receiving half has one owner, and receiving takes it exclusively.
    public let _core: SPSCCore<Element>

    @inlinable
    init(_ core: SPSCCore<Element>) { _core = core }

    @inlinable
    deinit { _core.closeReceiver() }

    /// Closes the channel from this side now: the same as dropping the receiver, said aloud.
    @inlinable
    public consuming func close() {}
  }
}
