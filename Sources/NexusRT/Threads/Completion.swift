// A value that code outside of every runtime hands to a task, once: from a callback, a queue, a thread, another task.

/// Why a `Completion` ended without its value.
public enum CompletionError: Error, CustomStringConvertible {
  /// `fail` was called, with this error.
  case failed(any Error)
  /// Every copy of the completer went without completing.
  case dropped
  /// The waiting task, or a scope it is in, was cancelled before or while it waited.
  case cancelled
  /// The deadline came first.
  case timedOut

  public var description: String {
    switch self {
    case .failed(let error): "the operation failed: \(error)"
    case .dropped: "the completer was dropped without completing"
    case .cancelled: "the wait for the completion was cancelled"
    case .timedOut: "the time was up before the completion came"
    }
  }
}

/// The waiting side of a one-shot waker. `Completion.make` gives both sides.
///
/// Dropping it says that nobody waits any more: who completes then is told so.
public struct Completion<Value: Sendable>: ~Copyable, Sendable {
  private let cell: CompletionCell<Value>

  init(_ cell: CompletionCell<Value>) { self.cell = cell }

  /// Both sides of a completion. Any thread; two small allocations.
  public static func make(of type: Value.Type = Value.self) -> Sides {
    let cell = CompletionCell<Value>()
    return Sides(completion: Completion(cell), completer: Completer(cell))
  }

  /// What `make` gives.
  @frozen
  public struct Sides: ~Copyable, Sendable {
    public let completion: Completion<Value>
    public let completer: Completer<Value>
  }

  /// Whether the completer has completed, failed or gone.
  public var isCompleted: Bool { cell.isSettled }

  /// Waits for the value: in a task of a runtime, or in any other Swift task.
  ///
  /// A value that came counts, also if the task was cancelled meanwhile.
  ///
  /// - Parameter deadline: When to give up; nil is never. Only in a task of a runtime: in another it traps.
  /// - Complexity: O(1), no allocation in a task of a runtime; O(log n) in the number of waits with a deadline.
  nonisolated(nonsending) public consuming func value(
    until deadline: Deadline? = nil
  ) async throws(CompletionError) -> Value {
    require(
      deadline == nil || Runtime.isOnThisThread,
      "NexusRT: Completion.value(until:) was called outside of a runtime's tasks, where nobody keeps the time"
    )
    return try taken(after: await cell.wait(for: "Completion.value()", until: deadline))
  }

  /// As `value`, on a plain thread, which it parks. Traps on a runtime's thread.
  public consuming func valueBlocking(until deadline: Deadline? = nil) throws(CompletionError) -> Value {
    try taken(after: cell.waitBlocking(for: "Completion.valueBlocking()", until: deadline))
  }

  private consuming func taken(after outcome: WaitOutcome) throws(CompletionError) -> Value {
    switch outcome {
    case .woken:
      switch cell.take() {
      case .success(let value): return value
      case .failure(let error): throw error as? CompletionError ?? .failed(error)
      }
    case .cancelled: throw .cancelled
    case .timedOut: throw .timedOut
    }
  }

  deinit { cell.settle(.failure(CompletionError.cancelled)) }
}

/// The completing side: to be copied into a callback, a Dispatch queue's block, a future's handler, a task or a thread, which
/// calls one of its methods once. When the last copy goes without that, the waiter gets `CompletionError.dropped`.
public struct Completer<Value: Sendable>: Sendable {
  /// Lives as long as a copy does.
  private final class Owner: Sendable {
    let cell: CompletionCell<Value>
    init(_ cell: CompletionCell<Value>) { self.cell = cell }
    deinit { cell.settle(.failure(CompletionError.dropped)) }
  }

  private let owner: Owner

  init(_ cell: CompletionCell<Value>) { owner = Owner(cell) }
  private init(owner: Owner) { self.owner = owner }

  /// Hands the value over and wakes who waits for it. Any thread; O(1), a system call only to wake a loop or a thread that
  /// sleeps.
  ///
  /// - Returns: false if it was completed before, or nobody waits any more: then the value is dropped.
  @discardableResult
  public func complete(_ value: Value) -> Bool { owner.cell.settle(.success(value)) }

  /// Hands an error over instead: the waiter throws `CompletionError.failed`.
  @discardableResult
  public func fail(_ error: any Error) -> Bool { owner.cell.settle(.failure(CompletionError.failed(error))) }

  /// Hands over what something else resulted in.
  @discardableResult
  public func complete(with result: Result<Value, any Error>) -> Bool {
    switch result {
    case .success(let value): complete(value)
    case .failure(let error): fail(error)
    }
  }

  /// Whether nobody is to complete any more: it was done, or nobody waits.
  public var isCompleted: Bool { owner.cell.isSettled }

  // MARK: For C

  /// A copy as the context pointer of a C callback. `init(takingOpaque:)` has to be called with it exactly once.
  public func makeOpaque() -> UnsafeMutableRawPointer { unsafe Unmanaged.passRetained(owner).toOpaque() }

  /// The copy that `makeOpaque` made of a completer of this type.
  @unsafe public init(takingOpaque pointer: UnsafeMutableRawPointer) {
    self.init(owner: unsafe Unmanaged<Owner>.fromOpaque(pointer).takeRetainedValue())
  }
}

extension Completer where Value == Void {
  /// Says that it is done.
  @discardableResult
  public func complete() -> Bool { complete(()) }
}

/// Calls `start` with a completer, and waits for what it completes with: for an operation with a callback.
///
/// ```swift
/// let answer = try await withCompletion(of: Int.self) { completer in
///   queue.async { completer.complete(42) }
/// }
/// ```
///
/// As `Completion.value(until:)` otherwise.
nonisolated(nonsending) public func withCompletion<Value: Sendable>(
  of type: Value.Type = Value.self, until deadline: Deadline? = nil, _ start: (Completer<Value>) -> Void
) async throws(CompletionError) -> Value {
  let cell = CompletionCell<Value>()
  begin(start, cell)
  return try await Completion(cell).value(until: deadline)
}

/// A function of its own, so that its completer is gone when it returns: only those that `start` handed out can complete.
@inline(never)
private func begin<Value: Sendable>(_ start: (Completer<Value>) -> Void, _ cell: CompletionCell<Value>) {
  start(Completer(cell))
}
