// Why a handler cannot be made. Nothing of this can happen once it is.

/// A handler's function asks for what the world cannot give.
///
/// Indirect, to be small: what is thrown as its own type is passed by value.
public indirect enum ResolutionError: Error, Equatable, CustomStringConvertible {
  /// One resource of a function: which of its parameters, and how it is declared.
  public struct Parameter: Equatable, Sendable, CustomStringConvertible {
    /// From 1, counting resources: the event has no number.
    public let position: Int
    /// As in the function: `inout Book`, `Limits`, `Audit?`.
    public let declaration: String

    public var description: String { "resource \(position) (\(declaration))" }
  }

  /// Two parameters are the same resource, and one of them changes it.
  case conflict(Parameter, Parameter)
  /// The world has no value for a parameter.
  case missing(Parameter)
  /// The handler was given a value to own that its function has no parameter for.
  case unusedContext(typeName: String)

  public var description: String {
    switch self {
    case .conflict(let first, let second):
      "a handler takes the same value twice, as \(first) and as \(second), and changes it through one of them: take it once, inout"
    case .missing(let parameter):
      "the world has no value for a handler's \(parameter): register one before the handler is made, or take it as an optional"
    case .unusedContext(let typeName):
      "a handler was given a value of type \(typeName) to own, and its function has no parameter of that type"
    }
  }
}

extension ResolutionError.Parameter {
  init(_ index: Int, _ access: Access) {
    position = index + 1
    declaration = access.description
  }
}
