// Select with four arms. The numbers differ in nothing else; what they do is in Selection.swift.

/// Which of 4 arms won, and what it gave.
@frozen
public enum Selected4<A, B, C, D> {
  case first(A)
  case second(B)
  case third(C)
  case fourth(D)

  @inlinable @inline(__always)
  init(_ outcome: Either<A, Either<B, Either<C, D>>>) {
    switch outcome {
    case .first(let output): self = .first(output)
    case .second(.first(let output)): self = .second(output)
    case .second(.second(.first(let output))): self = .third(output)
    case .second(.second(.second(let output))): self = .fourth(output)
    }
  }
}

extension Selected4: Sendable where A: Sendable, B: Sendable, C: Sendable, D: Sendable {}

/// As `select` of two, with 4 arms.
@inlinable @inline(__always)
nonisolated(nonsending) public func select<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, order: SelectOrder = .fair
) async throws(CancellationError) -> Selected4<A.Output, B.Output, C.Output, D.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, LastArm(d))))
  return Selected4<A.Output, B.Output, C.Output, D.Output>(try await Selection.run(&arms, order))
}

/// As `trySelect` of two, with 4 arms.
@inlinable
public func trySelect<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, order: SelectOrder = .fair
) -> Selected4<A.Output, B.Output, C.Output, D.Output>? {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, LastArm(d))))
  return Selection.attemptAtOnce(&arms, order).map { Selected4<A.Output, B.Output, C.Output, D.Output>($0) }
}

/// As `selectBlocking` of two, with 4 arms.
@inlinable
public func selectBlocking<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable, D: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, _ d: consuming D, order: SelectOrder = .fair
) -> Selected4<A.Output, B.Output, C.Output, D.Output> {
  var arms = ArmPair(a, ArmPair(b, ArmPair(c, LastArm(d))))
  return Selected4<A.Output, B.Output, C.Output, D.Output>(Selection.runBlocking(&arms, order))
}
