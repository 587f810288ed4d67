// Select with six arms. The numbers differ in nothing else; what they do is in Selection.swift.

/// Which of 6 arms won, and what it gave.
@frozen
public enum Selected6<A, B, C, D, E, F> {
  case first(A)
  case second(B)
  case third(C)
  case fourth(D)
  case fifth(E)
  case sixth(F)

  @inlinable @inline(__always)
  init(_ outcome: Either<A, Either<B, Either<C, Either<D, Either<E, F>>>>>) {
    switch outcome {
    case .first(let output): self = .first(output)
    case .second(.first(let output)): self = .second(output)
    case .second(.second(.first(let output))): self = .third(output)
    case .second(.second(.second(.first(let output)))): self = .fourth(output)
    case .second(.second(.second(.second(.first(let output))))): self = .fifth(output)
    case .second(.second(.second(.second(.second(let output))))): self = .sixth(output)
    }
  }
}

extension Selected6: Sendable
where A: Sendable, B: Sendable, C: Sendable, D: Sendable, E: Sendable, F: Sendable {}

/// As `select` of two, with 6 arms.
@inlinable @inline(__always)
nonisolated(nonsending) public func select<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable, F: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E, _ f: consuming F,
  order: SelectOrder = .fair
) async throws(CancellationError) -> Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, ArmPair(e, LastArm(f))))))
  return Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output>(
    try await Selection.run(&arms, order))
}

/// As `trySelect` of two, with 6 arms.
@inlinable
public func trySelect<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable, F: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E, _ f: consuming F,
  order: SelectOrder = .fair
) -> Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output>? {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, ArmPair(e, LastArm(f))))))
  return Selection.attemptAtOnce(&arms, order).map {
    Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output>($0)
  }
}

/// As `selectBlocking` of two, with 6 arms.
@inlinable
public func selectBlocking<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable,
  E: SelectArm & ~Copyable & ~Escapable, F: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, _ e: consuming E, _ f: consuming F,
  order: SelectOrder = .fair
) -> Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, ArmPair(d, ArmPair(e, LastArm(f))))))
  return Selected6<A.Output, B.Output, C.Output, D.Output, E.Output, F.Output>(
    Selection.runBlocking(&arms, order))
}
