// What a world owns: the cells by type, and the address lists of the handlers that were made for it.

internal import Synchronization

@usableFromInline
final class WorldStore {
  /// Different for every world that ever was.
  let id: UInt
  private var cells: [ObjectIdentifier: Cell] = [:]
  private var resolutions: [ResolutionKey: Resolution] = [:]
  private var nextRank: UInt64 = 0
  /// Cells that a handler requires and that have no value.
  private var lacking = 0
  /// Cells that a handler has been given to fill or empty since the last `settle`.
  private var changing: [Cell] = []

  private static let ids = Atomic<UInt>(0)

  init() { id = Self.ids.wrappingAdd(1, ordering: .relaxed).newValue }

  deinit {
    settle()
    for cell in cells.values.sorted(by: { $0.rank > $1.rank }) { cell.drop() }
  }

  /// The lowest bit sends every handler the long way.
  var stamp: UInt { id << 1 | (lacking > 0 || !changing.isEmpty ? 1 : 0) }

  var count: Int { cells.values.count { $0.hasValue } }

  func cell<Value: ~Copyable>(of type: Value.Type) -> TypedCell<Value>? {
    // Sound: the cell was stored under its own type's identifier.
    cells[ObjectIdentifier(type)].map { unsafe unsafeDowncast($0, to: TypedCell<Value>.self) }
  }

  /// The cell of a type; an empty one is made if there is none yet.
  func ensureCell<Value: ~Copyable>(of type: Value.Type) -> TypedCell<Value> {
    if let cell = cell(of: type) { return cell }
    let cell = TypedCell<Value>()
    cells[ObjectIdentifier(type)] = cell
    return cell
  }

  func insert<Value: ~Copyable>(_ value: consuming Value) -> Value? {
    require(
      !isOptional(Value.self),
      "NexusRT: \(name(of: Value.self)) was registered: register the value itself, or nothing; whoever takes it as an optional then finds nil"
    )
    settle()
    let cell = ensureCell(of: Value.self)
    let old = cell.take()
    unsafe cell.place.pointee = consume value
    noteChange(of: cell)
    return old
  }

  func remove<Value: ~Copyable>(_ type: Value.Type) -> Value? {
    settle()
    guard let cell = cell(of: type) else { return nil }
    let old = cell.take()
    noteChange(of: cell)
    return old
  }

  /// Handlers change these cells behind the store's back until the next `settle`.
  func expectChange(of cells: [Cell]) { changing.append(contentsOf: cells) }

  /// Finds out what handlers did to the cells they were given to fill or empty.
  func settle() {
    for cell in changing { noteChange(of: cell) }
    changing.removeAll(keepingCapacity: true)
  }

  /// Brings rank and count up to date after a cell may have been filled or emptied.
  private func noteChange(of cell: Cell) {
    let isFilled = cell.hasValue
    guard isFilled != cell.wasFilled else { return }
    cell.wasFilled = isFilled
    if isFilled {
      nextRank += 1
      cell.rank = nextRank
    }
    if cell.isRequired { lacking += isFilled ? -1 : 1 }
  }

  /// Where the value of a type is. Traps if there is none.
  func place<Value: ~Copyable>(of type: Value.Type) -> UnsafeMutablePointer<Value> {
    guard let cell = cell(of: type), cell.hasValue else {
      fatalError(
        "NexusRT: the world has no value of type \(name(of: type)): insert one first, before the runtime is made or from a task"
      )
    }
    return unsafe cell.value
  }

  /// Looks a handler's resources up; the same list gives the same object.
  func resolve(_ accesses: [Access], context: ObjectIdentifier?) throws(ResolutionError) -> Resolution {
    let key = ResolutionKey(accesses: accesses, context: context)
    if let known = resolutions[key] {
      // It may lack a value by now, and then is an error as it would have been the first time.
      if let parameter = known.lacking { throw .missing(parameter) }
      return known
    }
    let made = try Resolution(accesses, context: context, in: self)
    resolutions[key] = made
    return made
  }

  func cell(for access: Access) -> Cell? {
    access.makeCell.map { $0(self) } ?? cells[access.type]
  }
}
