// The kind of a channel as a value, so that generic code can be given one and make its channels itself.
//
// A protocol with the ends as associated types would say the same. Those would have to be noncopyable, which Swift 6.3
// allows behind an experimental feature only (SE-0503); the ends as parameters of a generic type need none.

/// A kind of channel, for code that is written once for several: it makes the channel and does not know which it is.
///
/// ```swift
/// func transfer<Sender, Receiver>(over kind: ChannelKind<Sender, Receiver>) ...
/// where Sender: ChannelSender<Block> & ~Copyable & Sendable, Receiver: ChannelReceiver<Block> & ~Copyable & Sendable {
///   let ends = kind.bounded(64)
///   ...
/// }
/// transfer(over: SPSC.kind(of: Block.self))
/// ```
///
/// The ends' types are its parameters: specialised, the channel costs what it costs by its own name, and only making it is
/// a call through a closure.
@frozen
public struct ChannelKind<Sender: ChannelSender & ~Copyable, Receiver: ChannelReceiver & ~Copyable>: Sendable
where Sender.Element == Receiver.Element {
  @usableFromInline let make: @Sendable (Int) -> ChannelEnds<Sender, Receiver>

  @inlinable
  init(_ make: @escaping @Sendable (Int) -> ChannelEnds<Sender, Receiver>) { self.make = make }

  /// A new channel that holds up to `capacity` values.
  ///
  /// - Parameter capacity: 1 at least, or for `MPMC` 0, which is a rendezvous; anything less traps.
  /// - Complexity: O(`capacity`), two allocations at most. Any thread.
  @inlinable
  public func bounded(_ capacity: Int) -> ChannelEnds<Sender, Receiver> { make(capacity) }
}

extension Local {
  /// This kind, for generic code that stays in one runtime.
  @inlinable
  public static func kind<Element>(of type: Element.Type) -> ChannelKind<Sender<Element>, Receiver<Element>> {
    ChannelKind { channel(of: Element.self, capacity: $0) }
  }
}

extension SPSC {
  /// This kind, for generic code.
  @inlinable
  public static func kind<Element: Sendable>(
    of type: Element.Type
  ) -> ChannelKind<Sender<Element>, Receiver<Element>> {
    ChannelKind { channel(of: Element.self, capacity: $0) }
  }
}

extension MPSC {
  /// This kind, for generic code.
  @inlinable
  public static func kind<Element: Sendable>(
    of type: Element.Type
  ) -> ChannelKind<Sender<Element>, Receiver<Element>> {
    ChannelKind { channel(of: Element.self, capacity: $0) }
  }
}

extension MPMC {
  /// This kind, for generic code, with its rule about closing.
  @inlinable
  public static func kind<Element: Sendable>(
    of type: Element.Type, closing rule: CloseRule = .errors
  ) -> ChannelKind<Sender<Element>, Receiver<Element>> {
    ChannelKind { channel(of: Element.self, capacity: $0, closing: rule) }
  }
}
