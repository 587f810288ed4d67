// What a kind of channel must be able to do: take and offer at once, and register a waiter for when that is not possible.
// Everything a user sees (send, receive, deadlines, futures, select, iteration) is written once, on top of these.
//
// A core is a pointer: it may be copied, and it is valid for as long as an end is alive. Whether several threads may call
// its methods at a time depends on the kind; the ends see to that by being noncopyable, mutating or not Sendable.

public import NexusRT

/// What an attempt to receive gave.
@frozen
public enum _Taken<Element> {
  case value(Element)
  /// Nothing now; there may be something later.
  case empty
  /// Nothing, now and for ever.
  case closed
}

/// What an attempt to send gave.
@frozen
public enum _Offered<Element> {
  case sent
  case full(Element)
  case closed(Element)
}

/// Who registers, which decides what others may do for it meanwhile.
@frozen
public enum _WaiterKind: Sendable {
  /// Waits for this alone, and does nothing else until its token is woken.
  case parked
  /// Waits for this and other things. Before anything is taken or given at once, the token is to be retired: if
  /// that fails another arm has won.
  case selecting
  /// A future that was polled: it may be dropped, or not be looked at for long. It is told, and nothing is given to it.
  case future
}

/// What registering a receiver gave.
@frozen
public enum _ReceiveStep<Element, Place> {
  case value(Element)
  case closed
  /// Of a `selecting` waiter: another arm was first.
  case lost
  /// The token will be woken when there is something to look at.
  case registered(Place)
}

/// What registering a sender gave.
@frozen
public enum _SendStep<Element, Place> {
  case sent
  case closed(Element)
  /// Of a `selecting` waiter: another arm was first.
  case lost(Element)
  /// The value is with the place. The token will be woken when it is sent, or when there is something to look at.
  case registered(Place)
}

/// What registering somebody who wants room gave.
@frozen
public enum _ReserveStep<Place> {
  case granted
  case closed
  case registered(Place)
}

/// The receiving half of a kind of channel.
public protocol _ReceiverCore<Element>: BitwiseCopyable {
  associatedtype Element
  associatedtype ReceiverPlace

  /// Whether waits at this channel are ended by tasks of the same runtime only.
  static var isLocal: Bool { get }

  /// The next value, at once or not at all.
  func take() -> _Taken<Element>
  /// As `take`, but may overlook what is just being sent: for those who wait otherwise.
  func takeReady() -> _Taken<Element>
  /// Moves up to `limit` values to the end of `buffer`; returns how many.
  func take(into buffer: inout [Element], atMost limit: Int) -> Int
  /// The next value, or registers who waits for it.
  func takeOrRegister(_ token: WakeToken, _ kind: _WaiterKind) -> _ReceiveStep<Element, ReceiverPlace>
  /// Takes a registration back: no waiter of it is left anywhere when this returns.
  ///
  /// - Returns: The value that was handed to it, if one was.
  func withdraw(receiver place: ReceiverPlace, _ kind: _WaiterKind, _ token: WakeToken) -> Element?

  /// Values that can be received.
  var count: Int { get }
  /// The capacity; nil if it has no bound.
  var capacity: Int? { get }
  /// Whether no value will be sent any more.
  var isClosedForReceiving: Bool { get }
  /// Changes whenever another one than this receiver may have changed what `take` would give.
  var receiveVersion: UInt64 { get }
}

extension _ReceiverCore {
  @inlinable @inline(__always)
  public func takeReady() -> _Taken<Element> { take() }
}

/// The sending half of a kind of channel.
public protocol _SenderCore<Element>: BitwiseCopyable {
  associatedtype Element
  associatedtype SenderPlace
  associatedtype ReservePlace

  static var isLocal: Bool { get }

  /// Sends at once or not at all.
  func offer(_ value: consuming Element) -> _Offered<Element>
  /// A hint for those who spin, without touching what others write much: whether `offer` is worth its cost now.
  var isOfferWorthwhile: Bool { get }
  /// Sends as many of the first values as there is room for; returns how many, and none if the channel is closed.
  func offer(contentsOf values: ArraySlice<Element>) -> Int
  /// Sends, or registers who waits for room, with the value.
  func offerOrRegister(
    _ value: consuming Element, _ token: WakeToken, _ kind: _WaiterKind
  ) -> _SendStep<Element, SenderPlace>
  /// Takes a registration back: no waiter of it is left anywhere when this returns.
  ///
  /// - Returns: The value, or nil if it was sent.
  func withdraw(sender place: SenderPlace, _ kind: _WaiterKind, _ token: WakeToken) -> Element?

  /// Changes whom to wake; false if the registration is over: `withdraw` then tells how it ended.
  func renew(sender place: SenderPlace, _ token: WakeToken) -> Bool

  /// Sets room aside, at once or not at all: what was set aside is `fill`ed or `release`d.
  func reserve() -> _Offered<Void>
  func reserveOrRegister(_ token: WakeToken) -> _ReserveStep<ReservePlace>
  /// Takes a registration back; true if room was set aside for it.
  func withdraw(reserver place: ReservePlace) -> Bool
  /// Sends into room that was set aside; the value comes back if the channel is closed.
  func fill(_ value: consuming Element) -> Element?
  /// Gives up room that was set aside.
  func release()

  /// Values that can be received.
  var count: Int { get }
  /// The capacity; nil if it has no bound.
  var capacity: Int? { get }
  /// Whether every send fails from now on.
  var isClosedForSending: Bool { get }
  /// Traps if the channel's rules are that nobody sends on a closed one. For who does so, or still waits to when it is closed;
  /// not for whose wait has ended otherwise.
  func trapIfClosedIsAnError()
  /// Changes whenever another one than this sender may have changed what `offer` would give.
  var sendVersion: UInt64 { get }
}

extension _SenderCore {
  @inlinable public var isOfferWorthwhile: Bool { true }
  @inlinable public func trapIfClosedIsAnError() {}
}
