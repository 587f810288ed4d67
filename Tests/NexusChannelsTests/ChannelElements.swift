// Elements that say when they go, and ways to see what a channel does to its waiters.

import NexusRT
import Synchronization

@testable import NexusChannels

/// Counts its instances, and does something when it goes.
final class Tracked: Sendable {
  let number: Int
  private let alive: Instances
  private let whenGone: (@Sendable () -> Void)?

  init(_ number: Int, _ alive: Instances, whenGone: (@Sendable () -> Void)? = nil) {
    self.number = number
    self.alive = alive
    self.whenGone = whenGone
    alive.count.add(1, ordering: .relaxed)
  }

  deinit {
    alive.count.subtract(1, ordering: .relaxed)
    alive.gone.add(1, ordering: .relaxed)
    whenGone?()
  }
}

/// How many `Tracked` there are, and how many have gone.
final class Instances: Sendable {
  let count = Atomic<Int>(0)
  let gone = Atomic<Int>(0)
  var now: Int { count.load(ordering: .relaxed) }
  var ended: Int { gone.load(ordering: .relaxed) }
}

/// What tasks of one runtime note down, in the order in which they do.
final class Log<Entry: Sendable>: @unchecked Sendable {
  // Unchecked: of one runtime.
  var entries: [Entry] = []
}

/// How often other tasks of this runtime were run because of what `body` did.
nonisolated(nonsending) func resumes(_ body: () -> Void) async -> Int {
  await settle()
  let start = runtimeCounters().resumes
  await settle()
  let before = runtimeCounters().resumes
  body()
  await settle()
  // `settle` itself is resumed 64 times, which the ways of suspending count once or twice each.
  let own = Int(before - start)
  return (Int(runtimeCounters().resumes - before) - own) * 64 / own
}

extension Result where Failure == ReceiveError {
  var error: ReceiveError? { if case .failure(let error) = self { error } else { nil } }
  var value: Success? { if case .success(let value) = self { value } else { nil } }
}
