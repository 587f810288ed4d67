// A handler's list of resources, looked up once for all handlers that take the same ones.

/// What distinguishes two lists of resources.
struct ResolutionKey: Hashable {
  private let parameters: [Parameter]
  private let context: ObjectIdentifier?

  private struct Parameter: Hashable {
    let type: ObjectIdentifier
    let isWrite: Bool
    let isOptional: Bool
  }

  init(accesses: [Access], context: ObjectIdentifier?) {
    parameters = accesses.map { Parameter(type: $0.type, isWrite: $0.isWrite, isOptional: $0.isOptional) }
    self.context = context
  }
}

/// The cells of a list of resources, and the addresses in them as a handler wants them.
@usableFromInline
final class Resolution: HandlerOwner {
  let accesses: [Access]
  /// In the order of the parameters; nil where the handler's own context goes.
  private let cells: [Cell?]
  /// Those that the function may fill or empty.
  private let optionalWrites: [Cell]
  private let worldID: UInt
  let places: Places

  init(_ accesses: [Access], context: ObjectIdentifier?, in store: WorldStore) throws(ResolutionError) {
    try Self.refuseConflicts(accesses)
    var cells: [Cell?] = []
    for (index, access) in accesses.enumerated() {
      if access.type == context && !access.isOptional {
        cells.append(nil)
      } else if let cell = store.cell(for: access), access.isOptional || cell.hasValue {
        cells.append(cell)
      } else {
        throw .missing(ResolutionError.Parameter(index, access))
      }
    }
    for (access, cell) in zip(accesses, cells) where !access.isOptional {
      cell?.isRequired = true
    }
    self.accesses = accesses
    self.cells = cells
    optionalWrites = zip(accesses, cells).compactMap { $0.isOptional && $0.isWrite ? $1 : nil }
    worldID = store.id
    places = Places(count: accesses.count)
    super.init()
    unsafe fill(places, context: nil)
  }

  deinit { places.free() }

  /// Writes the addresses, with the context's where that goes.
  func fill(_ places: Places, context: UnsafeMutableRawPointer?) {
    for (index, cell) in cells.enumerated() {
      unsafe places.set(index, cell?.address ?? context)
    }
    // A handler that may fill or empty a place never takes the short way.
    let key = optionalWrites.isEmpty ? worldID << 1 : 0
    unsafe places.setHeader(
      Places.Header(
        key: key, worldID: worldID, count: cells.count, resolution: .passUnretained(self)))
  }

  /// The first parameter that the function cannot do without and that has no value; nil if there is none.
  var lacking: ResolutionError.Parameter? {
    for (index, access) in accesses.enumerated() where !access.isOptional {
      if let cell = cells[index], !cell.hasValue { return ResolutionError.Parameter(index, access) }
    }
    return nil
  }

  private static func refuseConflicts(_ accesses: [Access]) throws(ResolutionError) {
    for second in accesses.indices {
      for first in accesses[..<second].indices
      where accesses[first].type == accesses[second].type
        && (accesses[first].isWrite || accesses[second].isWrite)
      {
        throw .conflict(
          ResolutionError.Parameter(first, accesses[first]),
          ResolutionError.Parameter(second, accesses[second]))
      }
    }
  }

  /// Checks what the short way does not. Traps if the handler cannot run.
  func enter(_ store: WorldStore) {
    store.settle()
    if let lacking {
      fatalError(
        "NexusRT: a handler was run whose \(lacking) was removed from the world: insert a value first, or take it as an optional"
      )
    }
    if !optionalWrites.isEmpty { store.expectChange(of: optionalWrites) }
  }
}
