// A value that belongs to one handler, and stamping handlers that differ in nothing else.

/// The type of a handler's own value if it has none.
public struct NoContext {
  @inlinable
  public init() {}
}

/// A handler's own value, and a block of addresses of which one or more are that value's.
///
/// Not generic: a generic class would look its metadata up whenever one goes.
@usableFromInline
@safe final class OwnedContext: HandlerOwner {
  /// The block, and behind it the value.
  @usableFromInline let places: Places
  @usableFromInline let value: UnsafeMutableRawPointer
  @usableFromInline let type: ObjectIdentifier
  @usableFromInline let drop: (UnsafeMutableRawPointer) -> Void
  /// Says how the addresses were found, and keeps their memory, also when the world is gone.
  @usableFromInline let resolution: Resolution

  @inlinable
  init<Context: ~Copyable>(_ context: consuming Context, count: Int, _ resolution: Resolution) {
    let alignment = Swift.max(MemoryLayout<Context>.alignment, MemoryLayout<Places.Header>.alignment)
    let offset = (Places.byteCount(count) + alignment - 1) / alignment * alignment
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: offset + MemoryLayout<Context>.size, alignment: alignment)
    places = unsafe Places(base)
    unsafe value = base + offset
    unsafe value.bindMemory(to: Context.self, capacity: 1).initialize(to: context)
    type = ObjectIdentifier(Context.self)
    unsafe drop = { unsafe $0.assumingMemoryBound(to: Context.self).deinitialize(count: 1) }
    self.resolution = resolution
  }

  /// Another with a value of its own and otherwise the same addresses.
  @inlinable
  func stamped<Context: ~Copyable>(_ context: consuming Context) -> OwnedContext {
    let count = unsafe places.header.pointee.count
    let made = OwnedContext(context, count: count, resolution)
    unsafe made.places.setHeader(places.header.pointee)
    for index in 0..<count {
      let address = unsafe places.address(index)
      unsafe made.places.set(index, address == value ? made.value : address)
    }
    return made
  }

  /// The value, of the type that the caller knows it has.
  @inlinable
  func value<Context: ~Copyable>(as type: Context.Type) -> UnsafeMutablePointer<Context> {
    unsafe value.assumingMemoryBound(to: type)
  }

  deinit {
    unsafe drop(value)
    unsafe places.base.deallocate()
  }
}

extension Handler where Event: ~Copyable & ~Escapable, Output: ~Copyable {
  /// What stamps handlers that differ from this one in the value they own.
  ///
  /// ```swift
  /// let first = try world.handler(owning: Session(id: 1), onMessage)
  /// let template = first.template(of: Session.self)
  /// let second = template.stamp(owning: Session(id: 2))
  /// ```
  ///
  /// Traps if this handler does not own a value of that type.
  @inlinable
  public func template<Context: ~Copyable>(
    of type: Context.Type
  ) -> HandlerTemplate<Context, Event, Output, Failure> {
    HandlerTemplate(ownedContext(type, for: "template(of:)"), body)
  }

  /// Calls `body` with the value that the handler owns. Traps if it does not own one of that type.
  ///
  /// - Parameter world: The handler's world, whose being here keeps the value from being used twice at a time. Another
  ///   one traps.
  @inlinable
  public func withContext<Context: ~Copyable, Result: ~Copyable, Problem: Error>(
    _ type: Context.Type, in world: inout World, _ body: (inout Context) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    let mine = ownedContext(type, for: "withContext")
    require(
      unsafe places.header.pointee.worldID == world.stamp >> 1,
      "NexusRT: withContext was given another world than the one the handler was made in")
    return unsafe try body(&mine.value(as: type).pointee)
  }

  @inlinable
  func ownedContext<Context: ~Copyable>(_ type: Context.Type, for what: StaticString) -> OwnedContext {
    guard let mine = owner as? OwnedContext, mine.type == ObjectIdentifier(type) else {
      trapWithoutContext(type, what)
    }
    return mine
  }

  @usableFromInline @inline(never)
  func trapWithoutContext<Context: ~Copyable>(_ type: Context.Type, _ what: StaticString) -> Never {
    fatalError(
      "NexusRT: \(what) is for handlers that own a value of type \(name(of: type)), and this one does not: make it with handler(owning:_:)"
    )
  }
}

/// Makes handlers of one function that work on the same resources and own a value each.
public struct HandlerTemplate<
  Context: ~Copyable, Event: ~Copyable & ~Escapable, Output: ~Copyable, Failure: Error
> {
  @usableFromInline let first: OwnedContext
  @usableFromInline let body: Handler<Event, Output, Failure>.Body

  @inlinable
  init(_ first: OwnedContext, _ body: @escaping Handler<Event, Output, Failure>.Body) {
    self.first = first
    self.body = body
  }

  /// A handler with a value of its own.
  ///
  /// - Complexity: O(1): two allocations, about 20 ns. Nothing is looked up.
  @inlinable
  public func stamp(owning context: consuming Context) -> Handler<Event, Output, Failure> {
    let owned = first.stamped(context)
    return Handler(owned.places, owner: owned, body: body)
  }
}

extension World {
  /// Looks the resources of a function up.
  @usableFromInline
  mutating func resolve<Context: ~Copyable>(
    _ accesses: [Access], _ context: consuming Context
  ) throws(ResolutionError) -> (Places, HandlerOwner?) {
    if Context.self == NoContext.self {
      let resolution = try store.resolve(accesses, context: nil)
      return (resolution.places, resolution)
    }
    let type = ObjectIdentifier(Context.self)
    guard accesses.contains(where: { $0.type == type && !$0.isOptional }) else {
      throw .unusedContext(typeName: name(of: Context.self))
    }
    let resolution = try store.resolve(accesses, context: type)
    let owned = OwnedContext(context, count: accesses.count, resolution)
    unsafe resolution.fill(owned.places, context: owned.value)
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
