// The arms of one select, as a list that the compiler takes apart.

public import NexusRT

/// One arm or more. An outcome says which arm won, and with what.
@usableFromInline
protocol ArmList: ~Copyable, ~Escapable {
  associatedtype Outcome
  static var count: Int { get }
  @_lifetime(self: copy self)
  mutating func attempt(_ index: Int) -> Outcome?
  @_lifetime(self: copy self)
  mutating func register(_ index: Int, _ token: WakeToken) -> _ArmStep<Outcome>
  /// Takes all registrations back: what the winner among those that were waited for gives, if there is one.
  @_lifetime(self: copy self)
  mutating func withdrawAll() -> Outcome?
  /// The earliest deadline of an arm, and the outcome if it comes.
  var deadline: Deadline? { get }
  var version: UInt64 { get }
}

/// The last arm of a list.
@frozen
@usableFromInline
struct LastArm<Arm: SelectArm & ~Copyable & ~Escapable>: ArmList, ~Copyable, ~Escapable {
  @usableFromInline typealias Outcome = Arm.Output
  @usableFromInline var arm: Arm

  @inlinable @inline(__always)
  @_lifetime(copy arm)
  init(_ arm: consuming Arm) { self.arm = arm }

  @inlinable static var count: Int { 1 }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func attempt(_ index: Int) -> Arm.Output? { arm._attempt() }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func register(_ index: Int, _ token: WakeToken) -> _ArmStep<Arm.Output> { arm._register(token) }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func withdrawAll() -> Arm.Output? { arm._withdraw() }

  @inlinable var deadline: Deadline? { arm._deadline }
  @inlinable var version: UInt64 { arm._version }
}

@frozen
@usableFromInline
enum Either<First, Second> {
  case first(First)
  case second(Second)
}

/// An arm, and those behind it.
@frozen
@usableFromInline
struct ArmPair<Arm: SelectArm & ~Copyable & ~Escapable, Rest: ArmList & ~Copyable & ~Escapable>: ArmList,
  ~Copyable, ~Escapable
{
  @usableFromInline typealias Outcome = Either<Arm.Output, Rest.Outcome>
  @usableFromInline var arm: Arm
  @usableFromInline var rest: Rest

  @inlinable @inline(__always)
  @_lifetime(copy arm, copy rest)
  init(_ arm: consuming Arm, _ rest: consuming Rest) {
    self.arm = arm
    self.rest = rest
  }

  @inlinable static var count: Int { 1 + Rest.count }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func attempt(_ index: Int) -> Outcome? {
    if index == 0 { return arm._attempt().map { .first($0) } }
    return rest.attempt(index - 1).map { .second($0) }
  }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func register(_ index: Int, _ token: WakeToken) -> _ArmStep<Outcome> {
    if index == 0 {
      switch arm._register(token) {
      case .won(let output): return .won(.first(output))
      case .lost: return .lost
      case .registered: return .registered
      }
    }
    switch rest.register(index - 1, token) {
    case .won(let outcome): return .won(.second(outcome))
    case .lost: return .lost
    case .registered: return .registered
    }
  }

  @inlinable @inline(__always)
  @_lifetime(self: copy self)
  mutating func withdrawAll() -> Outcome? {
    let first = arm._withdraw()
    let second = rest.withdrawAll()
    if let first { return .first(first) }
    return second.map { .second($0) }
  }

  @inlinable
  var deadline: Deadline? {
    guard let mine = arm._deadline, let others = rest.deadline else { return arm._deadline ?? rest.deadline }
    return min(mine, others)
  }

  @inlinable var version: UInt64 { arm._version &+ rest.version }
}
