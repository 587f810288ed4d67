// A value that belongs to one handler, and stamping handlers that differ in nothing else.

/// The type of a handler's own value if it has none.
public struct NoContext {
  @inlinable
  public init() {}
}

/// A handler's own value, and its block of addresses, one of which is the value's.
@usableFromInline
@safe final class OwnedContext<Context: ~Copyable>: HandlerOwner {
  let value: UnsafeMutablePointer<Context>
  @usableFromInline let places: Places
  let resolution: Resolution

  init(_ context: consuming Context, _ resolution: Resolution) {
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: context)
    self.resolution = resolution
    places = Places(count: resolution.accesses.count)
    unsafe resolution.fill(places, context: UnsafeMutableRawPointer(value))
  }

  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
    places.free()
  }
}

extension Handler where Event: ~Copyable & ~Escapable, Output: ~Copyable {
  /// A handler that differs from this one in the value it owns.
  ///
  /// ```swift
  /// let first = try world.handler(owning: Session(id: 1), onMessage)
  /// let second = first.stamp(owning: Session(id: 2))
  /// ```
  ///
  /// Traps if this handler does not own a value of that type.
  ///
  /// - Complexity: O(1): three allocations, and no look-up.
  public func stamp<Context: ~Copyable>(owning context: consuming Context) -> Handler {
    // Sound: the class says which type it owns; a cast could not, of a class that is generic over what is not copyable.
    guard let mine = owner as? OwnedContext<Context> else {
      fatalError(
        "NexusRT: stamp(owning:) was given a \(name(of: Context.self)), and the handler does not own one: make the first with handler(owning:_:)"
      )
    }
    let owned = OwnedContext(context, mine.resolution)
    return Handler(owned.places, owner: owned, body: body)
  }

  /// Calls `body` with the value that the handler owns. Traps if it does not own one of that type.
  ///
  /// - Parameter world: Any world. That it is there once keeps the value from being used twice at a time.
  public func withContext<Context: ~Copyable, Result: ~Copyable, Problem: Error>(
    _ type: Context.Type, in world: inout World, _ body: (inout Context) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    guard let mine = owner as? OwnedContext<Context> else {
      fatalError("NexusRT: withContext was asked for a \(name(of: type)), and the handler does not own one")
    }
    return unsafe try body(&mine.value.pointee)
  }
}

extension World {
  /// Looks the resources of a function up.
  @usableFromInline
  mutating func resolve<Context: ~Copyable>(
    _ accesses: [Access], _ context: consuming Context
  ) throws(ResolutionError) -> (Places, HandlerOwner?) {
    if Context.self == NoContext.self { return (try store.resolve(accesses, context: nil).places, nil) }
    let type = ObjectIdentifier(Context.self)
    guard accesses.contains(where: { $0.type == type && !$0.isOptional }) else {
      throw .unusedContext(typeName: name(of: Context.self))
    }
    let owned = OwnedContext(context, try store.resolve(accesses, context: type))
    return (owned.places, owned)
  }

  @inlinable @inline(__always)
  mutating func bind<
    Context: ~Copyable, Event: ~Copyable & ~Escapable, Output: ~Copyable, Failure: Error
  >(
    _ accesses: [Access], _ context: consuming Context, _ body: @escaping Handler<Event, Output, Failure>.Body
  ) throws(ResolutionError) -> Handler<Event, Output, Failure> {
    let (places, owner) = try resolve(accesses, context)
    return Handler(places, owner: owner, body: body)
  }
}
