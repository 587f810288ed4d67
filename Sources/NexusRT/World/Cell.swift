// The place of one resource: memory that stays where it is for the world's life, with or without a value in it.

/// What the world knows of a resource without knowing its type.
class Cell {
  /// The place in the order of registration; a value that comes into an empty place is the newest.
  final var rank: UInt64 = 0
  /// Whether a handler was made that cannot run without a value.
  final var isRequired = false
  /// Whether there was a value when the store last counted.
  final var wasFilled = false

  var hasValue: Bool { fatalError("a subclass says") }
  /// Where the value is, if there is one.
  var address: UnsafeMutableRawPointer { fatalError("a subclass says") }
  var typeName: String { fatalError("a subclass says") }
  func drop() { fatalError("a subclass does") }
}

@safe final class TypedCell<Value: ~Copyable>: Cell {
  let place: UnsafeMutablePointer<Value?>

  override init() {
    unsafe place = .allocate(capacity: 1)
    unsafe place.initialize(to: nil)
  }

  deinit {
    unsafe place.deinitialize(count: 1)
    unsafe place.deallocate()
  }

  override var hasValue: Bool {
    switch unsafe place.pointee {
    case .some: true
    case .none: false
    }
  }

  override var address: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(place) }

  /// The value itself. Only while there is one.
  var value: UnsafeMutablePointer<Value> {
    // Sound: an enum with one payload case keeps the payload at its own address, and a valid value of the payload's
    // type is that case whatever it is changed to.
    unsafe address.assumingMemoryBound(to: Value.self)
  }

  override var typeName: String { name(of: Value.self) }

  override func drop() { unsafe place.pointee = nil }

  func take() -> Value? { unsafe place.pointee.take() }
}

/// Carries a type that need not be copyable into what takes only the types of copyable values.
private enum Tag<Value: ~Copyable & ~Escapable> {}

/// A type's name as a user would write it, without modules.
func name<Value: ~Copyable & ~Escapable>(of type: Value.Type) -> String {
  let tagged = String(describing: Tag<Value>.self)
  return String(tagged.dropFirst("Tag<".count).dropLast())
}
