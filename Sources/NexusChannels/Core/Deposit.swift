// What a sender that waits brings to the queue.

/// A sender's value, which is sent for it when there is room; or the wish for room, which is then set aside for it.
@frozen
public enum _Deposit<Element> {
  case value(Element)
  case room
}

extension _Deposit {
  /// The value, if it is one.
  @inlinable
  var value: Element? {
    if case .value(let value) = self { value } else { nil }
  }
}

/// A sender's node in a queue of waiting senders.
@frozen
public struct _SenderPlace<Element>: Sendable {
  @usableFromInline let place: WaitQueue<_Deposit<Element>>.Place
  @inlinable init(_ place: WaitQueue<_Deposit<Element>>.Place) { self.place = place }
}
