// Making a world in which nothing is registered twice by mistake.

/// Collects the resources of a world.
///
/// ```swift
/// var builder = WorldBuilder()
/// try builder.register(Book())
/// builder.ensure(Limits.standard)   // unless there is one
/// let world = builder.build()
/// ```
public struct WorldBuilder: ~Copyable {
  private var world = World()

  public init() {}

  /// Registers a value. O(1).
  ///
  /// - Throws: `RegistrationError`, which names the type, if there is a value of that type; the given one is dropped.
  public mutating func register<Value: ~Copyable>(_ value: consuming Value) throws(RegistrationError) {
    guard !world.contains(Value.self) else { throw RegistrationError(typeName: name(of: Value.self)) }
    world.insert(value)
  }

  /// Registers what `make` returns unless there is a value of that type. O(1).
  ///
  /// - Returns: Whether it was registered.
  @discardableResult
  public mutating func ensure<Value: ~Copyable>(_ make: @autoclosure () -> Value) -> Bool {
    guard !world.contains(Value.self) else { return false }
    world.insert(make())
    return true
  }

  /// Whether there is a value of this type. O(1).
  public func contains<Value: ~Copyable>(_ type: Value.Type) -> Bool { world.contains(type) }

  /// How many values there are. O(n).
  public var count: Int { world.count }

  /// The world, with all that was registered, in that order.
  public consuming func build() -> World { world }
}

/// A second value of a type was registered.
public struct RegistrationError: Error, Equatable, CustomStringConvertible {
  /// The type's name.
  public let typeName: String

  public var description: String {
    "\(typeName) was registered twice: a world has one value of a type; use ensure to keep the first, insert to replace it, or wrap one of them in a type of its own"
  }
}
