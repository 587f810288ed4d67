// What a resident runs: a spawned closure, its result, and who waits for it.

internal import CNexus

/// A spawned body without its types, as the resident sees it.
@usableFromInline
@safe class TaskBody {
  /// The slot of the resident that runs this body; nil before it starts and after it ended.
  @usableFromInline final var slot: SlotPointer?
  /// The task that waits for the result, if one does.
  @usableFromInline final var joiner: SlotPointer?
  /// Whether a resident has begun to run it.
  @usableFromInline final var hasStarted = false
  /// Whether it was cancelled; before it starts this is only a mark.
  @usableFromInline final var isCancelled = false
  @usableFromInline final var isFinished = false

  @usableFromInline
  init() {
    unsafe slot = nil
    unsafe joiner = nil
  }

  /// Runs the closure once and keeps what it gave. On the caller's executor, which is the runtime's.
  @usableFromInline
  nonisolated(nonsending) func run() async { fatalError("NexusRT: a task body without a closure") }
}

/// A spawned body with its result.
@usableFromInline
class ResultBody<Success: ~Copyable>: TaskBody {
  /// Nil until the body ended, and again once the result was taken.
  @usableFromInline final var result: Result<Success, any Error>?

  @usableFromInline
  override init() {
    result = nil
    super.init()
  }

  /// Takes the result out; traps if there is none, which the callers exclude.
  @inlinable
  final func takeResult() throws -> Success {
    switch result.take() {
    case .some(.success(let value)): return value
    case .some(.failure(let error)): throw error
    case .none: fatalError("NexusRT: a task's result was taken twice")
    }
  }
}

/// A body without arguments.
@usableFromInline
final class ClosureBody<Success: ~Copyable>: ResultBody<Success> {
  @usableFromInline var closure: (nonisolated(nonsending) () async throws -> Success)?

  @usableFromInline
  init(_ closure: nonisolated(nonsending) @escaping () async throws -> Success) {
    self.closure = closure
    super.init()
  }

  @usableFromInline
  nonisolated(nonsending) override func run() async {
    let closure = unsafe self.closure.take().unsafelyUnwrapped
    do {
      result = .success(try await closure())
    } catch {
      result = .failure(error)
    }
  }
}

/// A body that is given a value moved into the task.
@usableFromInline
final class ClosureBody1<A: ~Copyable, Success: ~Copyable>: ResultBody<Success> {
  @usableFromInline var argument: A?
  @usableFromInline var closure: (nonisolated(nonsending) (consuming A) async throws -> Success)?

  @usableFromInline
  init(
    _ argument: consuming A,
    _ closure: nonisolated(nonsending) @escaping (consuming A) async throws -> Success
  ) {
    self.argument = consume argument
    self.closure = closure
    super.init()
  }

  @usableFromInline
  nonisolated(nonsending) override func run() async {
    let closure = self.closure.take()!
    do {
      result = .success(try await closure(argument.take()!))
    } catch {
      result = .failure(error)
    }
  }
}

/// A body that is given two values moved into the task.
@usableFromInline
final class ClosureBody2<A: ~Copyable, B: ~Copyable, Success: ~Copyable>: ResultBody<Success> {
  @usableFromInline var first: A?
  @usableFromInline var second: B?
  @usableFromInline
  var closure: (nonisolated(nonsending) (consuming A, consuming B) async throws -> Success)?

  @usableFromInline
  init(
    _ first: consuming A, _ second: consuming B,
    _ closure: nonisolated(nonsending) @escaping (consuming A, consuming B) async throws -> Success
  ) {
    self.first = consume first
    self.second = consume second
    self.closure = closure
    super.init()
  }

  @usableFromInline
  nonisolated(nonsending) override func run() async {
    let closure = self.closure.take()!
    do {
      result = .success(try await closure(first.take()!, second.take()!))
    } catch {
      result = .failure(error)
    }
  }
}
