// What the tests share: a thread of its own for each runtime, checks that find their way back from that thread to the
// test, and values that count their lives.
//
// A test's own body runs on the pool and may change threads at every await, so it never makes a runtime itself.

import CNexus
import Foundation
@testable import NexusRT
import Synchronization
import Testing
@_exported import TestSeeds

// MARK: Threads

private struct Failure: Sendable {
  let comment: Comment?
  let location: SourceLocation
}

/// Checks that failed on threads of `onThread`, by thread.
private let failures = Guarded<[Int32: [Failure]]>([:])

/// `#expect` for every thread, and for conditions on noncopyable values, which the macro cannot take apart.
func expect(
  _ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  if condition { return }
  let thread = nexus_thread_id()
  let isKept = failures.withLock { failures in
    guard failures[thread] != nil else { return false }
    failures[thread]!.append(Failure(comment: comment, location: sourceLocation))
    return true
  }
  if !isKept { Issue.record(comment ?? "failed on a thread of its own", sourceLocation: sourceLocation) }
}

func expectEqual<Value: Equatable>(
  _ a: Value, _ b: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
  expect(a == b, "\(a) is not \(b)", sourceLocation: sourceLocation)
}

/// Runs `body` on a new thread, hands its result or error back, and records the checks that failed there.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  let (result, failed): (Result<Value, any Error>, [Failure]) = await withCheckedContinuation {
    continuation in
    let thread = Thread {
      failures.withLock { $0[nexus_thread_id()] = [] }
      let result = Result { try body() }
      let failed = failures.withLock { $0.removeValue(forKey: nexus_thread_id()) ?? [] }
      continuation.resume(returning: (result, failed))
    }
    thread.stackSize = 4 << 20
    thread.start()
  }
  for failure in failed {
    Issue.record(failure.comment ?? "a check failed", sourceLocation: failure.location)
  }
  return try result.get()
}

extension Configuration {
  /// Waits for its tasks at the end as long as a machine that runs all tests at once may need.
  static var patient: Configuration {
    var configuration = Configuration()
    configuration.endTimeout = .seconds(120)
    return configuration
  }
}

/// Deadlines that the calling thread's runtime waits for.
func liveTimers() -> Int { unsafe LoopState.current(for: "test").pointee.timers.count }

/// Runs `body` with a runtime on a thread of its own.
func inRuntime<Value: Sendable>(
  _ configuration: Configuration = .patient,
  _ body: @escaping @Sendable (borrowing Runtime) throws -> Value
) async throws -> Value {
  try await onThread {
    let runtime = try Runtime(configuration: configuration)
    return try body(runtime)
  }
}

/// Runs `body` as the root task of a runtime on a thread of its own.
func inTask<Value: Sendable>(
  busy: Bool = false, _ configuration: Configuration = .patient,
  _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await inRuntime(configuration) { runtime in
    try busy ? runtime.blockOnBusy(body) : runtime.blockOn(body)
  }
}

/// A plain thread that can be waited for.
struct Worker {
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    let done = done
    Thread {
      body()
      done.signal()
    }.start()
  }

  func join() { done.wait() }
}

/// The thread this is called on. Synchronous, so that a task can ask.
func thisThread() -> Int32 { nexus_thread_id() }

/// Whether an exit test's process printed `text` before it ended.
func expectSaid(
  _ result: ExitTest.Result?, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(said.contains(text), sourceLocation: sourceLocation)
}

// MARK: Values

struct TestError: Error, Equatable {
  var number = 0
}

/// Counts the lives of the objects that were given it.
final class Lives: Sendable {
  private let born = Atomic(0)
  private let died = Atomic(0)
  func add() { born.wrappingAdd(1, ordering: .relaxed) }
  func end() { died.wrappingAdd(1, ordering: .relaxed) }
  var made: Int { born.load(ordering: .relaxed) }
  var ended: Int { died.load(ordering: .relaxed) }
  var alive: Int { made - ended }
}

/// An object whose life is counted.
final class Tracked {
  private let lives: Lives
  init(_ lives: Lives) {
    self.lives = lives
    lives.add()
  }
  deinit { lives.end() }
}

/// A noncopyable value whose life is counted.
struct Unique: ~Copyable {
  private let lives: Lives
  let number: Int
  init(_ lives: Lives, _ number: Int = 0) {
    self.lives = lives
    self.number = number
    lives.add()
  }
  deinit { lives.end() }
}

/// A value that tasks of one runtime share: not Sendable.
final class Shared<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

/// A value kept on a runtime's thread between two of its `blockOn`s. Unchecked: one thread uses it.
final class Kept<Value: ~Copyable>: @unchecked Sendable {
  var value: Value?
  init() { value = nil }
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

/// A token that a task puts out for other threads to wake, again and again.
final class PublishedToken: Sendable {
  private let bits = Atomic<UInt64>(0)
  func publish(_ token: WakeToken) { bits.store(token.rawValue, ordering: .releasing) }
  func clear() { bits.store(0, ordering: .releasing) }
  var token: WakeToken { unsafe WakeToken(uncheckedRawValue: bits.load(ordering: .acquiring)) }
}

// MARK: Descriptors

/// A pipe whose ends are files.
struct Pipe: ~Copyable {
  let input: File
  let output: File

  init() {
    var ends: (Int32, Int32) = (-1, -1)
    let code = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    precondition(code == 0, "no pipe")
    input = File(owning: ends.0)
    output = File(owning: ends.1)
  }
}

extension RawSpan {
  func byte(at offset: Int) -> UInt8 { unsafe withUnsafeBytes { unsafe $0[offset] } }
}
