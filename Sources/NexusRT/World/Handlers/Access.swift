// What a handler asks for: one parameter of its function.

/// One resource parameter of a handler's function.
@usableFromInline
struct Access {
  /// The resource's type; of an optional parameter, the type it wraps.
  let type: ObjectIdentifier
  let isWrite: Bool
  let isOptional: Bool
  /// Tells the parameter's type, spelt as in the function.
  private let spelling: () -> String
  /// Finds the cell of an optional parameter, which may be empty, or makes it; nil for the others.
  let makeCell: ((WorldStore) -> Cell)?

  private init<Value: ~Copyable>(_ type: Value.Type, isWrite: Bool) {
    self.isWrite = isWrite
    if let optional = optionalType(type) {
      self.type = optional.wrappedType
      isOptional = true
      spelling = { optional.wrappedName + "?" }
      makeCell = { optional.cell(in: $0) }
    } else {
      self.type = ObjectIdentifier(type)
      isOptional = false
      spelling = { name(of: Value.self) }
      makeCell = nil
    }
  }

  /// A parameter `T` or `borrowing T`.
  @usableFromInline
  static func read<Value: ~Copyable>(_ type: Value.Type) -> Access { Access(type, isWrite: false) }

  /// A parameter `inout T`.
  @usableFromInline
  static func write<Value: ~Copyable>(_ type: Value.Type) -> Access { Access(type, isWrite: true) }

  /// As in the function's declaration.
  var description: String { (isWrite ? "inout " : "") + spelling() }
}

/// The optional of some copyable type, whose cell can be made though nobody registered a value.
private protocol OptionalType {
  static var wrappedType: ObjectIdentifier { get }
  static var wrappedName: String { get }
  static func cell(in store: WorldStore) -> Cell
}

extension Optional: OptionalType {
  fileprivate static var wrappedType: ObjectIdentifier { ObjectIdentifier(Wrapped.self) }
  fileprivate static var wrappedName: String { name(of: Wrapped.self) }
  fileprivate static func cell(in store: WorldStore) -> Cell { store.ensureCell(of: Wrapped.self) }
}

private func optionalType<Value: ~Copyable>(_ type: Value.Type) -> (any OptionalType.Type)? {
  // Sound: a type's metadata is one word whether or not its values can be copied, and what has not the conformance is not
  // used as if it had.
  unsafe unsafeBitCast(type, to: Any.Type.self) as? any OptionalType.Type
}

func isOptional<Value: ~Copyable>(_ type: Value.Type) -> Bool { optionalType(type) != nil }
