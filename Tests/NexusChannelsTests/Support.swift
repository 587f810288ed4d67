// What the tests share: threads and runtimes that can be waited for, a seeded generator, records whose bytes tell where
// they came from, and short words for sending and receiving them.

import CAllocationCounter
import Foundation
import LogBuf
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels
@_exported import TestSeeds

// MARK: Threads

/// A thread of its own, and what its closure returned.
///
/// A runtime lives on one thread from its making to its end, and the threads of the test library may have one already:
/// so every runtime of these tests gets a thread like this.
final class Worker<Result: Sendable>: @unchecked Sendable {
  private let done = DispatchSemaphore(value: 0)
  private var result: Swift.Result<Result, any Error>?

  init(_ body: @escaping @Sendable () throws -> Result) {
    Thread { [self] in
      result = Swift.Result { try body() }
      done.signal()
    }.start()
  }

  /// Waits for the thread's end. A lost wake must fail and not hang the run: five minutes are for ever, also under the thread sanitizer.
  func join() throws -> Result {
    guard done.wait(timeout: .now() + 300 * Double(soakFactor)) == .success else {
      fatalError("a thread of a test hangs")
    }
    return try result!.get()
  }
}

/// Starts a thread with a runtime that runs `body`.
func runtimeThread<Result: Sendable>(
  _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Result
) -> Worker<Result> {
  Worker {
    let runtime = try Runtime()
    return try runtime.blockOn(body)
  }
}

/// Runs `body` in a runtime on a thread of its own, to its end.
@discardableResult
func onRuntime<Result: Sendable>(
  _ body: nonisolated(nonsending) @escaping @Sendable () async throws -> Result
) throws -> Result {
  try runtimeThread(body).join()
}

/// Carries a noncopyable value into a thread, or out of one; whoever joins or starts the thread orders the two accesses.
final class Handover<Value: ~Copyable & Sendable>: @unchecked Sendable {
  private var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}

/// Lets the other tasks of this runtime run until nothing but this task is ready: enough turns for every chain of wakes
/// in these tests.
nonisolated(nonsending) func settle() async { for _ in 0..<64 { await yield() } }

/// How often a stress test does something that it usually does `count` times: more often in a soak, less so under a sanitizer,
/// where each takes longer and a race needs no luck to be seen.
func scaled(_ count: Int) -> Int {
  (allocation_count_is_available() ? count : max(1, count / 4)) * soakFactor
}

// MARK: Records

/// Record `number` of `sender`: at least 8 bytes, which say so, then bytes that follow from them. None is zero, so that a
/// missing byte shows.
func record(_ number: Int, from sender: Int = 0, count: Int = 8) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: max(count, 8))
  for index in bytes.indices {
    switch index {
    case 0..<5: bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index))
    case 5..<8: bytes[index] = UInt8(truncatingIfNeeded: sender >> (8 * (index - 5)))
    default: bytes[index] = UInt8((number &* 31 &+ sender &* 17 &+ index &* 7) % 255 + 1)
    }
  }
  return bytes
}

/// The sender and the number that `record` wrote.
func origin(of bytes: [UInt8]) -> (sender: Int, number: Int) {
  let number = (0..<5).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
  let sender = (5..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 5)) }
  return (sender, number)
}

/// The size of record `number` of `sender` under a seed: known to both sides without telling.
func size(_ seed: UInt64, _ number: Int, from sender: Int = 0, atMost limit: Int) -> Int {
  var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 1_000_003 &+ UInt64(sender) &* 7_777_777)
  return 8 + generator.below(limit - 7)
}

func contents(_ span: RawSpan) -> [UInt8] { unsafe span.withUnsafeBytes { unsafe Array($0) } }

/// `#expect` for conditions on noncopyable values, which the macro cannot take apart.
func expect(
  _ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(condition, comment, sourceLocation: sourceLocation)
}

// MARK: Ends

extension BytesSender where Writer: ~Copyable {
  nonisolated(nonsending) mutating func send(_ bytes: [UInt8]) async throws(BytesClaimError) {
    var claim = try await claim(bytes.count)
    unsafe claim.copy(from: bytes.span.bytes)
    claim.commit()
  }

  mutating func sendBlocking(_ bytes: [UInt8], until deadline: Deadline? = nil) throws(BytesClaimError) {
    var claim = try claimBlocking(bytes.count, until: deadline)
    unsafe claim.copy(from: bytes.span.bytes)
    claim.commit()
  }

  mutating func trySend(_ bytes: [UInt8]) throws(BytesClaimError) {
    var claim = try tryClaim(bytes.count)
    unsafe claim.copy(from: bytes.span.bytes)
    claim.commit()
  }

  /// The error of a claim that is expected to fail at once; nil if it succeeds, and then the claim is dropped.
  mutating func refusal(_ count: Int) -> BytesClaimError? {
    do throws(BytesClaimError) {
      _ = try tryClaim(count)
      return nil
    } catch { return error }
  }

  /// The error a waiting claim ends with; nil if it succeeds, and then the claim is dropped.
  nonisolated(nonsending) mutating func claimError(
    _ count: Int, until deadline: Deadline? = nil
  ) async -> BytesClaimError? {
    do throws(BytesClaimError) {
      _ = try await claim(count, until: deadline)
      return nil
    } catch { return error }
  }

  /// Sends records of 8 bytes from `number` until the ring is full, and returns the first number that did not fit.
  mutating func fill(from number: Int = 0, sender: Int = 0) -> Int {
    var number = number
    while (try? trySend(record(number, from: sender))) != nil { number += 1 }
    return number
  }
}

extension BytesReceiver {
  nonisolated(nonsending) mutating func take(until deadline: Deadline? = nil) async throws(ReceiveError)
    -> [UInt8]
  {
    var record = try await receive(until: deadline)
    return contents(record.bytes)
  }

  nonisolated(nonsending) mutating func takeNext() async throws(ReceiveError) -> [UInt8]? {
    guard var record = try await next() else { return nil }
    return contents(record.bytes)
  }

  mutating func takeBlocking(until deadline: Deadline? = nil) throws(ReceiveError) -> [UInt8] {
    var record = try receiveBlocking(until: deadline)
    return contents(record.bytes)
  }

  /// How many records come until the channel is closed; -1 if they are not those from 0 on.
  mutating func countBlocking() -> Int {
    var count = 0
    while let bytes = try? takeBlocking() {
      if origin(of: bytes).number != count { return -1 }
      count += 1
    }
    return count
  }

  mutating func tryTake() throws(ReceiveError) -> [UInt8]? {
    guard var record = try tryReceive() else { return nil }
    return contents(record.bytes)
  }

  /// All records until the channel is closed.
  nonisolated(nonsending) mutating func takeAll() async throws -> [[UInt8]] {
    var all: [[UInt8]] = []
    while true {
      do throws(ReceiveError) { all.append(try await take()) } catch {
        if error == .closed { return all }
        throw error
      }
    }
  }

  /// The error a receive ends with; nil if there was a record.
  nonisolated(nonsending) mutating func receiveError(until deadline: Deadline? = nil) async -> ReceiveError? {
    do throws(ReceiveError) {
      _ = try await take(until: deadline)
      return nil
    } catch { return error }
  }

  /// The same of a batch.
  nonisolated(nonsending) mutating func batchError(until deadline: Deadline? = nil) async -> ReceiveError? {
    do throws(ReceiveError) {
      _ = try await receiveBatch(until: deadline)
      return nil
    } catch { return error }
  }

  mutating func batchBlockingError(until deadline: Deadline? = nil) -> ReceiveError? {
    do throws(ReceiveError) {
      _ = try receiveBatchBlocking(until: deadline)
      return nil
    } catch { return error }
  }
}

/// Handles of several tasks; an array cannot hold what is not copyable.
struct HandleList<Success>: ~Copyable {
  private var handles: [Int: HandleBox<Success>] = [:]

  mutating func append(_ handle: consuming JoinHandle<Success>) { handles[handles.count] = HandleBox(handle) }

  func cancel(_ index: Int) { handles[index]!.handle?.cancel() }

  func isFinished(_ index: Int) -> Bool { handles[index]!.handle?.isFinished ?? true }

  /// The results in order of spawning.
  nonisolated(nonsending) mutating func values() async throws -> [Success] {
    var values: [Success] = []
    for index in 0..<handles.count { values.append(try await handles[index]!.handle.take()!.value()) }
    return values
  }
}

private final class HandleBox<Success> {
  var handle: JoinHandle<Success>?
  init(_ handle: consuming JoinHandle<Success>) { self.handle = consume handle }
}

extension BytesSignals {
  /// How many senders are in the queue.
  var queued: Int { waitingSenders.load(ordering: .relaxed) }

  /// Whether the receiver's wait is registered.
  var isReceiverWaiting: Bool { receiver.isSet }
}
