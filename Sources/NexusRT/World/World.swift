// The world: one value of each type, at an address that stays, owned by a runtime or by whoever made it.

/// A store of singletons: at most one value of a type.
///
/// A value is copied or moved in once and then lives at one address for as long as the world does, also if it is replaced:
/// handlers (`handler(owning:_:)`) look it up when they are made and afterwards reach it by that address. Noncopyable values
/// are welcome.
///
/// A world that goes deinitialises what it still has, the value that was registered last first.
///
/// A world belongs to one thread at a time; everything here is synchronous. Methods that look a type up cost a look-up in a hash
/// table, some 20 ns.
@safe
public struct World: ~Copyable {
  /// Which world this is, and in the lowest bit whether it lacks something that a handler was made for.
  @usableFromInline var stamp: UInt
  let store: WorldStore

  /// An empty world.
  public init() {
    store = WorldStore()
    stamp = store.stamp
  }

  /// Stores a value. Replaces one of the same type, whose place and rank it takes over, and returns that. O(1).
  @discardableResult
  public mutating func insert<Value: ~Copyable>(_ value: consuming Value) -> Value? {
    let old = store.insert(value)
    stamp = store.stamp
    return old
  }

  /// Takes a value out; nil if there is none of that type. O(1).
  ///
  /// Its place stays. To run a handler that was made for it traps until there is a value again, and all other handlers of this world
  /// cost some ns more until then; handlers that take it as an optional find nil.
  @discardableResult
  public mutating func remove<Value: ~Copyable>(_ type: Value.Type) -> Value? {
    let old = store.remove(type)
    stamp = store.stamp
    return old
  }

  /// Whether there is a value of this type. O(1).
  public func contains<Value: ~Copyable>(_ type: Value.Type) -> Bool {
    store.cell(of: type)?.hasValue ?? false
  }

  /// How many values there are. O(n).
  public var count: Int { store.count }

  /// The value of a type. Traps, naming the type, if there is none. O(1).
  public subscript<Value: ~Copyable>(_ type: Value.Type) -> Value {
    _read { yield unsafe store.place(of: type).pointee }
    _modify { yield unsafe &store.place(of: type).pointee }
  }

  /// Calls `body` with the value of a type, to read it. Traps, naming the type, if there is none.
  public func read<Value: ~Copyable, Result: ~Copyable, Failure: Error>(
    _ type: Value.Type, _ body: (borrowing Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(store.place(of: type).pointee)
  }

  /// Calls `body` with the value of a type, to change it in place. Traps, naming the type, if there is none.
  public mutating func mutate<Value: ~Copyable, Result: ~Copyable, Failure: Error>(
    _ type: Value.Type, _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe try body(&store.place(of: type).pointee)
  }
}
