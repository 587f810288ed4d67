// Select with three arms. The numbers differ in nothing else; what they do is in Selection.swift.

/// Which of 3 arms won, and what it gave.
@frozen
public enum Selected3<A, B, C> {
  case first(A)
  case second(B)
  case third(C)

  @inlinable @inline(__always)
  init(_ outcome: Either<A, Either<B, C>>) {
    switch outcome {
    case .first(let output): self = .first(output)
    case .second(.first(let output)): self = .second(output)
    case .second(.second(let output)): self = .third(output)
    }
  }
}

extension Selected3: Sendable where A: Sendable, B: Sendable, C: Sendable {}

/// As `select` of two, with 3 arms.
@inlinable @inline(__always)
nonisolated(nonsending) public func select<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, order: SelectOrder = .fair
) async throws(CancellationError) -> Selected3<A.Output, B.Output, C.Output> {
  var arms = ArmPair(a, ArmPair(b, LastArm(c)))
  return Selected3<A.Output, B.Output, C.Output>(try await Selection.run(&arms, order))
}

/// As `trySelect` of two, with 3 arms.
@inlinable
public func trySelect<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, order: SelectOrder = .fair
) -> Selected3<A.Output, B.Output, C.Output>? {
  var arms = ArmPair(a, ArmPair(b, LastArm(c)))
  return Selection.attemptAtOnce(&arms, order).map { Selected3<A.Output, B.Output, C.Output>($0) }
}

/// As `selectBlocking` of two, with 3 arms.
@inlinable
public func selectBlocking<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable,
  C: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, _ c: consuming C, order: SelectOrder = .fair
) -> Selected3<A.Output, B.Output, C.Output> {
  var arms = ArmPair(a, ArmPair(b, LastArm(c)))
  return Selected3<A.Output, B.Output, C.Output>(Selection.runBlocking(&arms, order))
}
