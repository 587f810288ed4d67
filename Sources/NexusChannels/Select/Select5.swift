// Select with five arms. The numbers differ in nothing else; what they do is in Selection.swift.

/// Which of 5 arms won, and what it gave.
@frozen
public enum Selected5<A, B, C, D, E> {
  case first(A)
  case second(B)
  case third(C)
  case fourth(D)
  case fifth(E)

  @inlinable @inline(__always)
  init(_ outcome: Either<A, Either<B, Either<C, Either<D, E>>>>) {
    switch outcome {
    case .first(let output): self = .first(output)
    case .second(.first(let output)): self = .second(output)
    case .second(.second(.first(let output))): self = .third(output)
    case .second(.second(.second(.first(let output)))): self = .fourth(output)
    case .second(.second(.second(.second(let output)))): self = .fifth(output)
    }
  }
}

extension Selected5: Sendable where A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable {}

/// As `select` of two, with 5 arms.
@inlinable @inline(__always)
nonisolated(nonsending) public func select<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E,
  order: SelectOrder = .fair
) async throws(CancellationError) -> Selected5<A.Output, B.Output, C.Output, D.Output, E.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, LastArm(e)))))
  return Selected5<A.Output, B.Output, C.Output, D.Output, E.Output>(try await Selection.run(&arms, order))
}

/// As `trySelect` of two, with 5 arms.
@inlinable
public func trySelect<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E,
  order: SelectOrder = .fair
) -> Selected5<A.Output, B.Output, C.Output, D.Output, E.Output>? {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, LastArm(e)))))
  return Selection.attemptAtOnce(&arms, order).map {
    Selected5<A.Output, B.Output, C.Output, D.Output, E.Output>($0)
  }
}

/// As `selectBlocking` of two, with 5 arms.
@inlinable
public func selectBlocking<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E,
  order: SelectOrder = .fair
) -> Selected5<A.Output, B.Output, C.Output, D.Output, E.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, LastArm(e)))))
  return Selected5<A.Output, B.Output, C.Output, D.Output, E.Output>(Selection.runBlocking(&arms, order))
}
