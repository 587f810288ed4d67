// What it costs to get from a runtime to other threads and back: handles, completions, foreign code, blocking work, actors,
// tokens, and the wake itself.

import BenchSupport
import CBench
import Dispatch
import Foundation
import NexusRT

/// ns of one wake between two parked rings.
func parkedWake(_ way: bench_wake_way) throws -> Double {
  let took = bench_wake(way, 3_000)
  if took < 0 { throw Unavailable("the kernel lacks it") }
  return took
}

/// A runtime on a thread of its own, for as long as `body` runs.
func withServer(_ body: (RuntimeHandle) throws -> Double) throws -> Double {
  let semaphore = DispatchSemaphore(value: 0)
  let place = Place()
  let thread = Thread {
    do {
      let runtime = try Runtime()
      place.handle = runtime.handle
      semaphore.signal()
      try runtime.blockOn { try await RuntimeHandle.current.shutdown.waitForRequest() }
    } catch { fatalError("\(error)") }
    semaphore.signal()
  }
  thread.start()
  semaphore.wait()
  defer {
    place.handle!.shutdown.request()
    semaphore.wait()
  }
  return try body(place.handle!)
}

/// Unchecked: written before the semaphore is signalled and read after.
private final class Place: @unchecked Sendable { var handle: RuntimeHandle? }

/// A thread spawns, and waits for the result, one at a time: both sides park in between.
func remoteRoundTrip() throws -> Double {
  let rounds = 3_000
  return try withServer { handle in
    try nanoseconds { for _ in 0..<rounds { try handle.spawn {}.valueBlocking() } } / Double(rounds)
  }
}

/// A thread spawns 1,000 and then waits for the last: what one of many costs the two sides together.
func remoteBatches() throws -> Double {
  let rounds = 30
  return try withServer { handle in
    try nanoseconds {
      for _ in 0..<rounds {
        for _ in 0..<999 { _ = try handle.spawn {} }
        try handle.spawn {}.valueBlocking()
      }
    } / Double(rounds * 1_000)
  }
}

/// A task spawns into its own runtime through the handle: no thread sleeps, nothing is woken.
func remoteWithin() throws -> Double {
  let rounds = 20_000
  return try inRuntime {
    let handle = RuntimeHandle.current
    try await handle.spawn {}.value()
    let start = now()
    for _ in 0..<rounds { try await handle.spawn {}.value() }
    return Double(now() - start) / Double(rounds)
  }
}

func completionWithin() throws -> Double {
  let rounds = 50_000
  return try inRuntime {
    let start = now()
    for _ in 0..<rounds {
      let sides = Completion.make(of: Int.self)
      sides.completer.complete(1)
      _ = try await sides.completion.value()
    }
    return Double(now() - start) / Double(rounds)
  }
}

func completionFromDispatch() throws -> Double {
  let rounds = 2_000
  let queue = DispatchQueue(label: "bench")
  return try inRuntime {
    let start = now()
    for _ in 0..<rounds {
      _ = try await withCompletion(of: Int.self) { completer in queue.async { completer.complete(1) } }
    }
    return Double(now() - start) / Double(rounds)
  }
}

func foreignCall() throws -> Double {
  let rounds = 2_000
  return try inRuntime {
    try await withForeign {}
    let start = now()
    for _ in 0..<rounds { try await withForeign {} }
    return Double(now() - start) / Double(rounds)
  }
}

func blockingCall() throws -> Double {
  let rounds = 2_000
  return try inRuntime {
    try await spawnBlocking {}.value()
    let start = now()
    for _ in 0..<rounds { try await spawnBlocking {}.value() }
    return Double(now() - start) / Double(rounds)
  }
}

actor AdoptedBook {
  private let runtime: RuntimeHandle
  private var count = 0
  init(on runtime: RuntimeHandle) { self.runtime = runtime }
  nonisolated var unownedExecutor: UnownedSerialExecutor { runtime.unownedExecutor }
  @inline(never) func add() -> Int {
    count += 1
    return count
  }
  func addAndYield() async {
    count += 1
    await yield()
  }
}

actor OrdinaryBook {
  private var count = 0
  @inline(never) func add() -> Int {
    count += 1
    return count
  }
}

func adoptedActorCall() throws -> Double {
  let rounds = 100_000
  return try inRuntime {
    let book = AdoptedBook(on: .current)
    _ = await book.add()
    let start = now()
    for _ in 0..<rounds { _ = await book.add() }
    return Double(now() - start) / Double(rounds)
  }
}

func adoptedActorYield() throws -> Double {
  let rounds = 20_000
  return try inRuntime {
    let book = AdoptedBook(on: .current)
    await book.addAndYield()
    let start = now()
    for _ in 0..<rounds { await book.addAndYield() }
    return Double(now() - start) / Double(rounds)
  }
}

func ordinaryActorCall() throws -> Double {
  let rounds = 2_000
  return try inRuntime {
    let book = OrdinaryBook()
    _ = await book.add()
    let start = now()
    for _ in 0..<rounds { _ = await book.add() }
    return Double(now() - start) / Double(rounds)
  }
}

func tokenChild() throws -> Double {
  let rounds = 100_000
  let root = CancellationToken()
  return nanoseconds { for _ in 0..<rounds { _ = root.child() } } / Double(rounds)
}

func tokenLook() throws -> Double {
  let rounds = 1_000_000
  let token = CancellationToken()
  var found = 0
  let took = nanoseconds { for _ in 0..<rounds where token.isCancelled { found += 1 } }
  precondition(found == 0)
  return took / Double(rounds)
}

func tokenScope() throws -> Double {
  let rounds = 100_000
  return try inRuntime {
    let token = CancellationToken()
    var sum = 0
    let start = now()
    for _ in 0..<rounds { sum += await withCancellation(by: token) { 1 } }
    precondition(sum == rounds)
    return Double(now() - start) / Double(rounds)
  }
}

/// Waits that another task ends: both sides of it, and the switch between them.
func tokenWait() throws -> Double {
  let rounds = 20_000
  return try inRuntime {
    let start = now()
    for _ in 0..<rounds {
      let token = CancellationToken()
      let task = spawnBoxed { try await token.cancelled() }
      await yield()
      token.cancel()
      try await task.value()
    }
    return Double(now() - start) / Double(rounds)
  }
}

var bridgeGroups: [Group] {
  [
    Group(
      "bridges: wake of a parked ring, one way, without a runtime",
      [
        Line("write to an eventfd that the ring reads (what a mailbox does)") {
          try parkedWake(BENCH_WAKE_EVENTFD)
        },
        Line("message to the ring, submitted at once") { try parkedWake(BENCH_WAKE_MESSAGE) },
        Line("message to the ring, submitted with the next wait") {
          try parkedWake(BENCH_WAKE_MESSAGE_WITH_WAIT)
        },
      ]),
    Group(
      "bridges: into a runtime and back",
      [
        Line("RuntimeHandle.spawn and value(), within", run: remoteWithin),
        Line("RuntimeHandle.spawn, a thread, 1,000 at a time, each", run: remoteBatches),
        Line("RuntimeHandle.spawn and valueBlocking(), both sides parked", run: remoteRoundTrip),
      ]),
    Group(
      "bridges: out of a runtime and back",
      [
        Line("Completion, completed at once", run: completionWithin),
        Line("withCompletion, a Dispatch queue", run: completionFromDispatch),
        Line("withForeign", run: foreignCall),
        Line("spawnBlocking and value()", run: blockingCall),
      ]),
    Group(
      "bridges: call of an actor's method from a task",
      [
        Line("an actor that adopted the runtime", run: adoptedActorCall),
        Line("the same, whose method yields to nobody", run: adoptedActorYield),
        Line("an ordinary actor", run: ordinaryActorCall),
      ]),
    Group(
      "bridges: cancellation tokens",
      [
        Line("isCancelled", run: tokenLook),
        Line("child() and its end", run: tokenChild),
        Line("withCancellation(by:), nothing cancelled", run: tokenScope),
        Line("token, spawn, cancelled(), cancel(), join", run: tokenWait),
      ]),
  ]
}
