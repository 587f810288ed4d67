// A function whose resources have been looked up: what is left to do is to call it.

/// A function, the resources of one world it works on, and nothing in between.
///
/// ```swift
/// func onFill(_ fill: Fill, _ book: inout Book, _ limits: Limits) { ... }
///
/// let handler = try world.handler(onFill)
/// handler.run(fill, in: &world)
/// ```
///
/// A handler is run with the world it was made in: with another one it traps. It is a small value: copying it costs nothing to
/// speak of, and one that owns a context (`handler(owning:_:)`) shares that with its copies; `template(of:)` stamps others
/// with a context of its own. A handler does not keep its world alive and does not use it except while it runs.
///
/// `Event` is lent to the function: it may be noncopyable, or a view such as `RawSpan`.
@safe
public struct Handler<Event: ~Copyable & ~Escapable, Output: ~Copyable, Failure: Error> {
  /// `places` may be used.
  @usableFromInline
  typealias Body = (borrowing Event, Places, inout World) throws(Failure) -> Output

  @usableFromInline let body: Body
  @usableFromInline let places: Places
  /// Keeps what `places` and `body` point to, also when the world is gone; nil if they point to nothing.
  @usableFromInline let owner: HandlerOwner?

  @inlinable @inline(__always)
  init(_ places: Places, owner: HandlerOwner?, body: @escaping Body) {
    self.body = body
    self.places = places
    self.owner = owner
  }

  /// A handler that is given the world itself. It can be run with any world.
  @inlinable
  public init(_ body: @escaping (borrowing Event, inout World) throws(Failure) -> Output) {
    unsafe self.init(.none, owner: nil) { event, _, world throws(Failure) in try body(event, &world) }
  }

  /// Calls the function with an event and the resources.
  ///
  /// Traps if `world` is not the one the handler was made in, or if a resource was removed from it.
  ///
  /// - Complexity: O(1), 1 to 2 ns more than the function itself; allocates nothing.
  @inlinable @inline(__always)
  @discardableResult
  public func run(_ event: borrowing Event, in world: inout World) throws(Failure) -> Output {
    places.check(&world)
    return try body(event, places, &world)
  }

  /// The same with the world of the current task's runtime, as `withWorld` lends it.
  @inlinable
  @discardableResult
  public func run(_ event: borrowing Event) throws(Failure) -> Output {
    try withWorld { world throws(Failure) in try run(event, in: &world) }
  }
}

extension Handler where Event == Void, Output: ~Copyable {
  /// Calls the function with the resources: of a handler without an event.
  @inlinable
  @discardableResult
  public func run(in world: inout World) throws(Failure) -> Output { try run((), in: &world) }
}

extension Handler where Output == Void {
  /// Calls the function once for each event, in order; ends at the first error.
  @inlinable
  public func run(each events: Span<Event>, in world: inout World) throws(Failure) {
    for index in events.indices { try run(events[index], in: &world) }
  }
}

/// What a handler owns beside its function.
@usableFromInline
class HandlerOwner {
  @usableFromInline init() {}
}
