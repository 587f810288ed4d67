// The request that a runtime end: who asks, who waits for it.

internal import Synchronization

/// Asks a runtime's program to end, or waits until somebody does. To be copied and used from any thread, for as long as
/// one likes.
///
/// It asks and nothing more: what is to be done is the program's business.
///
/// ```swift
/// try runtime.blockOn {
///   spawnBoxed { try await serve() }
///   try await RuntimeHandle.current.shutdown.waitForRequest()
///   try await quiesce(within: .seconds(5))
/// }
/// ```
public struct ShutdownHandle: Sendable {
  /// Cancelled by the request: to be the parent of tokens, or to be given to `withCancellation(by:)`.
  public let token = CancellationToken()
  private let cause = Cause()

  private final class Cause: Sendable {
    let signal = Atomic<Int32>(0)
  }

  init() {}

  /// Asks. A second time does nothing. As `CancellationToken.cancel`.
  public func request() { token.cancel() }

  /// Whether somebody has asked. One load.
  public var isRequested: Bool { token.isCancelled }

  /// The number of the signal that asked, if it was one and came first.
  public var signal: Int32? {
    let signal = cause.signal.load(ordering: .acquiring)
    return signal == 0 ? nil : signal
  }

  /// Waits, in a task of a runtime, until somebody asks. Any number of tasks may.
  ///
  /// - Throws: `CancellationError` if the waiting task, or a scope it is in, is cancelled before or meanwhile.
  nonisolated(nonsending) public func waitForRequest() async throws(CancellationError) {
    try await token.cancelled()
  }

  /// As `waitForRequest()`, until `deadline` at the latest.
  ///
  /// - Returns: Whether somebody has asked.
  nonisolated(nonsending) public func waitForRequest(until deadline: Deadline) async throws(CancellationError)
    -> Bool
  {
    try await token.cancelled(until: deadline)
  }

  /// As `waitForRequest`, on a plain thread. Traps on a runtime's thread.
  ///
  /// - Returns: Whether somebody has asked.
  @discardableResult
  public func waitForRequestBlocking(until deadline: Deadline? = nil) -> Bool {
    token.waitBlocking(until: deadline)
  }

  /// Asks on behalf of a signal.
  func request(signal: Int32) {
    if !isRequested {
      _ = cause.signal.compareExchange(expected: 0, desired: signal, ordering: .acquiringAndReleasing)
    }
    request()
  }
}

extension Runtime {
  /// To ask for the runtime's shutdown, or to wait until somebody does. Also of use once the runtime has ended.
  public var shutdown: ShutdownHandle { loop.services.shutdown }
}
