// What the tests of the structures in Sync share.

import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

/// How many values of a test are alive.
final class Population: Sendable {
  private let alive = Atomic<Int>(0)
  var count: Int { alive.load(ordering: .acquiring) }
  func add(_ number: Int) { alive.add(number, ordering: .acquiringAndReleasing) }
}

/// A value that is counted for as long as it is alive, and may do something when it ends.
final class Counted: Sendable {
  let number: Int
  private let population: Population
  private let atEnd: (@Sendable () -> Void)?

  init(_ number: Int, in population: Population, atEnd: (@Sendable () -> Void)? = nil) {
    self.number = number
    self.population = population
    self.atEnd = atEnd
    population.add(1)
  }

  deinit {
    atEnd?()
    population.add(-1)
  }
}

/// The next wait of the running task is woken for no reason, and cannot be claimed: a wake is on its way to it from a wait
/// that was given up.
func leaveAWakeBehind() {
  let wait = Wait(for: "test")
  wait.token.wake()
  wait.giveUp()
}

/// Tokens that belong to no wait, for decisions that are made on tokens.
func fakeToken(_ number: Int) -> WakeToken { unsafe WakeToken(uncheckedRawValue: UInt64(number) << 32 | 7) }

/// Calls `body` on a thread of its own and waits for it.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
  try Worker(body).join()
}

/// What an operation that may fail threw; nil if it did not.
nonisolated(nonsending) func failure<Failure: Error>(
  _ body: nonisolated(nonsending) () async throws(Failure) -> Void
) async -> Failure? {
  do throws(Failure) {
    try await body()
    return nil
  } catch { return error }
}

/// The same, on a thread.
func failureBlocking<Failure: Error>(_ body: () throws(Failure) -> Void) -> Failure? {
  do throws(Failure) {
    try body()
    return nil
  } catch { return error }
}

/// Waits until `condition` holds; a minute is for ever.
func eventually(_ condition: () -> Bool) {
  let limit = Deadline.after(.seconds(60))
  while !condition() && !limit.isPast { pause(microseconds: 20) }
  expect(condition(), "it did not come to that")
}

func pause(microseconds: Int) {
  let until = Deadline.after(.microseconds(microseconds))
  while !until.isPast {}
}

/// A noncopyable end in a class, for closures that must not consume it.
final class Kept<Value: ~Copyable> {
  var value: Value
  init(_ value: consuming Value) { self.value = value }
}

/// Whether the compiler has removed the boxes and thunks of closures, which allocate.
let isOptimisedBuild: Bool = {
  var isOptimised = true
  assert(
    {
      isOptimised = false
      return true
    }())
  return isOptimised
}()

/// Ends a value: `_ = ends.sender` would leave it where it is.
func drop<Value: ~Copyable>(_: consuming Value) {}
