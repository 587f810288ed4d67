// Select with two arms. The numbers differ in nothing else; what they do is in Selection.swift.

/// Which of 2 arms won, and what it gave.
@frozen
public enum Selected2<A, B> {
  case first(A)
  case second(B)

  @inlinable @inline(__always)
  init(_ outcome: Either<A, B>) {
    switch outcome {
    case .first(let output): self = .first(output)
    case .second(let output): self = .second(output)
    }
  }
}

extension Selected2: Sendable where A: Sendable, B: Sendable {}

/// Waits until one of the operations is possible, and performs it: that one alone.
///
/// ```swift
/// switch try await select(orders.receiving(), cancels.receiving(), Alarm.after(.milliseconds(5))) {
/// case .first(let order?): book(order)
/// case .second(let cancel?): remove(cancel)
/// case .third: flush()
/// case .first(nil), .second(nil): return  // closed
/// }
/// ```
///
/// Exactly one arm wins. What the others would have received is still in its channel, and what they would have sent was
/// not sent; nothing of them is registered anywhere when this returns. The same channel may be in several arms, in both
/// directions; a select never meets itself.
///
/// - Parameters:
///   - order: Which of several arms wins that are possible at the start: each as often (`fair`), or the first listed.
/// - Throws: `CancellationError` if the task, or a cancel scope it is in, is cancelled before it must wait or while it
///   waits. Then no arm has won.
/// - Complexity: O(arms), no allocation in steady state. Yields now and then if it never has to wait.
@inlinable @inline(__always)
nonisolated(nonsending) public func select<
  A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable
>(
  _ a: consuming A, _ b: consuming B, order: SelectOrder = .fair
) async throws(CancellationError) -> Selected2<A.Output, B.Output> {
  var arms = ArmPair(a, LastArm(b))
  return Selected2<A.Output, B.Output>(try await Selection.run(&arms, order))
}

/// Performs one of the operations if one is possible now; nil if at one moment none was (the "default" arm of other selects).
///
/// From tasks and threads alike. Cancellation makes no difference. Otherwise as `select`.
///
/// - Complexity: O(arms), no allocation. Looks again as long as others change what it has looked at meanwhile.
@inlinable
public func trySelect<A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable>(
  _ a: consuming A, _ b: consuming B, order: SelectOrder = .fair
) -> Selected2<A.Output, B.Output>? {
  var arms = ArmPair(a, LastArm(b))
  return Selection.attemptAtOnce(&arms, order).map { Selected2<A.Output, B.Output>($0) }
}

/// As `select`, on a plain thread: spins for some microseconds, then parks the thread.
///
/// Traps on a runtime's thread when it would have to wait. A thread is not cancelled: an `Alarm` as an arm is the time limit.
@inlinable
public func selectBlocking<A: SelectArm & ~Copyable & ~Escapable, B: SelectArm & ~Copyable & ~Escapable>(
  _ a: consuming A, _ b: consuming B, order: SelectOrder = .fair
) -> Selected2<A.Output, B.Output> {
  var arms = ArmPair(a, LastArm(b))
  return Selected2<A.Output, B.Output>(Selection.runBlocking(&arms, order))
}
