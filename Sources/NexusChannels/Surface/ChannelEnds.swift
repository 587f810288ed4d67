// What making a channel gives.

/// The two ends of a new channel, to be taken out one by one: `let ends = SPSC.channel(of: Int.self, capacity: 64)`, then
/// `ends.sender` into one task and `ends.receiver` into another.
@frozen
public struct ChannelEnds<Sender: ~Copyable, Receiver: ~Copyable>: ~Copyable {
  public var sender: Sender
  public var receiver: Receiver

  @inlinable
  init(_ sender: consuming Sender, _ receiver: consuming Receiver) {
    self.sender = sender
    self.receiver = receiver
  }
}

extension ChannelEnds: Sendable where Sender: Sendable & ~Copyable, Receiver: Sendable & ~Copyable {}

@usableFromInline
func requireCapacity(_ capacity: Int, atLeast least: Int) {
  if capacity < least || capacity > 1 << 40 {
    fatalError(
      "NexusChannels: a capacity of \(capacity) was asked for: it must be \(least) at least, and 2^40 at most"
    )
  }
}
