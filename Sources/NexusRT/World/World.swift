// The world: one value of each type, owned by the runtime, reached from tasks by a synchronous closure.

internal import CNexus

/// A store of singletons: at most one value of a type.
public struct World: ~Copyable {
  private var values: [ObjectIdentifier: AnyObject] = [:]

  /// An empty world.
  public init() {}

  private final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
  }

  private func box<Value>(of type: Value.Type) -> Box<Value>? {
    // Sound: the box was stored under its own type's identifier.
    values[ObjectIdentifier(type)].map { unsafe unsafeDowncast($0, to: Box<Value>.self) }
  }

  /// Stores a value. Replaces one of the same type and returns that. O(1).
  @discardableResult
  public mutating func insert<Value>(_ value: Value) -> Value? {
    if let box = box(of: Value.self) {
      let old = box.value
      box.value = value
      return old
    }
    values[ObjectIdentifier(Value.self)] = Box(value)
    return nil
  }

  /// Takes a value out; nil if there is none of that type. O(1).
  @discardableResult
  public mutating func remove<Value>(_ type: Value.Type) -> Value? {
    let value = box(of: type)?.value
    values[ObjectIdentifier(type)] = nil
    return value
  }

  /// Whether there is a value of this type. O(1).
  public func contains<Value>(_ type: Value.Type) -> Bool { values[ObjectIdentifier(type)] != nil }

  /// The value of a type. Traps, naming the type, if there is none. O(1).
  public subscript<Value>(_ type: Value.Type) -> Value {
    get { existing(type).value }
    _modify { yield &existing(type).value }
  }

  /// Calls `body` with the value of a type, to read it. Traps, naming the type, if there is none.
  public func read<Value, Result: ~Copyable, Failure: Error>(
    _ type: Value.Type, _ body: (borrowing Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(existing(type).value)
  }

  /// Calls `body` with the value of a type, to change it in place. Traps, naming the type, if there is none.
  public mutating func mutate<Value, Result: ~Copyable, Failure: Error>(
    _ type: Value.Type, _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(&existing(type).value)
  }

  private func existing<Value>(_ type: Value.Type) -> Box<Value> {
    guard let box = box(of: type) else {
      fatalError(
        "NexusRT: the world has no value of type \(type): insert one first, before the runtime is made or from a task"
      )
    }
    return box
  }
}

/// Calls `body` with the world of the runtime the caller's task belongs to.
///
/// Synchronous: nothing of the world can be held over a suspension. Traps outside a runtime, and on re-entry.
public func withWorld<Result: ~Copyable, Failure: Error>(
  _ body: (inout World) throws(Failure) -> Result
) throws(Failure) -> Result {
  let loop = unsafe LoopState.current(for: "withWorld")
  require(
    unsafe !loop.pointee.worldIsLent,
    "NexusRT: withWorld was called inside withWorld: pass the world on that the outer closure was given")
  unsafe loop.pointee.worldIsLent = true
  defer { unsafe loop.pointee.worldIsLent = false }
  return try unsafe body(&loop.pointee.world)
}
