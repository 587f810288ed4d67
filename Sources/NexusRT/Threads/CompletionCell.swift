// A result that is made once, on any thread, and waited for by one: a task of a runtime, a plain thread, or a Swift task
// that no runtime runs. What completions, remote tasks, blocking work and foreign calls have in common.

internal import Synchronization

/// The part without types: who waits, and whether the result is there.
///
/// `word` tells how it stands: it is `pending`, the token of the waiter, or one of the other values below. Whoever settles
/// exchanges it once, after writing the result, and wakes whom it finds there. It is a message to the loop as well, for the
/// kinds that need one.
@safe class CompletionCore: LoopMessage, @unchecked Sendable {
  // Unchecked: `continuation` is written before `word` says that it is there, and read by who takes that word away.

  private static let pending: UInt64 = 0
  /// The result is there.
  private static let settled: UInt64 = 1
  /// A Swift task waits, by its continuation.
  private static let suspended: UInt64 = 2
  /// That task was cancelled, before or while it waited.
  private static let abandoned: UInt64 = 3
  // Tokens are not below: their generations would be zero.
  private static let firstToken: UInt64 = 1 << 32

  private final let word = Atomic<UInt64>(pending)
  private final let isClaimed = Atomic<Bool>(false)
  private final var continuation: UnsafeContinuation<Void, Never>?

  /// Whether the result is there; it is visible then.
  final var isSettled: Bool { word.load(ordering: .acquiring) == CompletionCore.settled }

  // MARK: The side that settles

  /// Whether the caller is to make the result: true once.
  final func claim() -> Bool { !isClaimed.exchange(true, ordering: .acquiringAndReleasing) }

  /// Publishes the result, which the claimer has written, and wakes the waiter. Outside of all locks.
  final func settle() {
    // Release: the result before the word. Acquire: the continuation.
    let old = word.exchange(CompletionCore.settled, ordering: .acquiringAndReleasing)
    if old >= CompletionCore.firstToken {
      unsafe WakeToken(uncheckedRawValue: old).wake()
    } else if old == CompletionCore.suspended {
      unsafe continuation.unsafelyUnwrapped.resume()
    }
  }

  // MARK: The side that waits

  /// Registers the waiter's wait in place of its last one; false if the result is there.
  private final func register(_ token: WakeToken) -> Bool {
    // Only the one waiter writes tokens here.
    let seen = word.load(ordering: .acquiring)
    guard seen != CompletionCore.settled else { return false }
    return word.compareExchange(
      expected: seen, desired: token.rawValue, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Waits in whatever task calls.
  ///
  /// - Returns: `woken` once the result is there. It counts, also if the task was cancelled meanwhile. `timedOut` only
  ///   with a deadline, which a task outside of all runtimes has none of.
  nonisolated(nonsending) final func wait(
    for operation: StaticString, until deadline: Deadline?
  ) async -> WaitOutcome {
    if isSettled { return .woken }
    if !Runtime.isOnThisThread { return await waitOutside() }
    while true {
      let wait = Wait(for: operation)
      guard register(wait.token) else {
        wait.giveUp()
        return .woken
      }
      let outcome = await wait.suspend(until: deadline)
      if isSettled { return .woken }
      if outcome != .woken { return outcome }
    }
  }

  /// Waits for the result in a task of a runtime, whatever its cancellation says, which `onCancel` is told of once.
  nonisolated(nonsending) final func waitToTheEnd(for operation: StaticString, onCancel: () -> Void) async {
    if await wait(for: operation, until: nil) == .woken { return }
    onCancel()
    while !isSettled {
      let loop = unsafe LoopState.current(for: operation)
      let slot = unsafe loop.pointee.currentSlot(operation)
      if unsafe loop.pointee.arm(slot, SlotState.armed) {
        let armed = unsafe slot.pointee.state.load(ordering: .relaxed)
        guard register(unsafe loop.pointee.token(of: slot, armed)) else {
          unsafe loop.pointee.giveUp(slot)
          return
        }
      }
      // If it is queued still, for an earlier wait, the loop resumes it when it takes it out.
      unsafe await Suspension.suspend(slot, loop)
      _ = unsafe loop.pointee.finishWait(slot)
    }
  }

  /// Waits on a plain thread.
  final func waitBlocking(for operation: StaticString, until deadline: Deadline?) -> WaitOutcome {
    while !isSettled {
      let wait = ThreadWait(for: operation)
      guard register(wait.token) else {
        wait.giveUp()
        return .woken
      }
      let outcome = wait.park(until: deadline)
      if outcome == .timedOut && !isSettled { return .timedOut }
    }
    return .woken
  }

  /// Waits in a Swift task that no runtime runs.
  nonisolated(nonsending) private final func waitOutside() async -> WaitOutcome {
    await withTaskCancellationHandler(
      operation: {
        unsafe await withUnsafeContinuation(isolation: #isolation) {
          (continuation: UnsafeContinuation<Void, Never>) in
          unsafe self.continuation = continuation
          // Release: the continuation before the word.
          let (isRegistered, _) = word.compareExchange(
            expected: CompletionCore.pending, desired: CompletionCore.suspended,
            ordering: .acquiringAndReleasing)
          if !isRegistered { unsafe continuation.resume() }
        }
      }, onCancel: { self.abandon() }, isolation: #isolation)
    return isSettled ? .woken : .cancelled
  }

  private final func abandon() {
    var seen = word.load(ordering: .acquiring)
    while seen == CompletionCore.pending || seen == CompletionCore.suspended {
      let (done, now) = word.compareExchange(
        expected: seen, desired: CompletionCore.abandoned, ordering: .acquiringAndReleasing)
      if done {
        if seen == CompletionCore.suspended { unsafe continuation.unsafelyUnwrapped.resume() }
        return
      }
      seen = now
    }
  }
}

/// The part with types: the result, which is an error if there is no value.
///
/// `result` is written by the claimer before it settles, and taken by the one waiter after that.
protocol CompletionResult: CompletionCore {
  associatedtype Value: Sendable
  var result: Result<Value, any Error>? { get set }
}

extension CompletionResult {
  /// Settles with `result`, unless it was claimed before: then false.
  @discardableResult
  func settle(_ result: Result<Value, any Error>) -> Bool {
    guard claim() else { return false }
    self.result = result
    settle()
    return true
  }

  /// The result, once, after it was settled.
  func take() -> Result<Value, any Error> { result.take()! }
}

/// A result and nothing else. Unchecked: as `CompletionResult` says.
class CompletionCell<Value: Sendable>: CompletionCore, CompletionResult, @unchecked Sendable {
  final var result: Result<Value, any Error>?
}
