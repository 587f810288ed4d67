// Waits between attempts: how long, how often, and what is thrown in the end.

@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct TimeBackoffTests {
  @Test func waits_growByTheFactor_upToTheMaximum() {
    var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
    #expect(
      (0..<6).map { _ in backoff.next()! } == [100, 200, 400, 800, 1_000, 1_000].map { .milliseconds($0) })
    #expect(backoff.retries == 6 && !backoff.isExhausted)
    backoff.reset()
    #expect(backoff.retries == 0 && backoff.next() == .milliseconds(100))
    var steady = Backoff(initial: .nanoseconds(7), factor: 1)
    #expect((0..<3).map { _ in steady.next()! } == [.nanoseconds(7), .nanoseconds(7), .nanoseconds(7)])
    var wild = Backoff(initial: .seconds(1), factor: 1e300, maximum: .seconds(Int64.max))
    #expect(wild.next() == .seconds(1))
    #expect(wild.next()! > .seconds(9_000_000_000))
  }

  @Test func retries_areLimited() {
    var backoff = Backoff(retries: 2)
    #expect(backoff.next() != nil && backoff.next() != nil)
    #expect(backoff.isExhausted && backoff.next() == nil && backoff.retries == 2)
    #expect(Backoff(retries: 0).isExhausted)
  }

  @Test(arguments: [0.25, 1.0]) func jitter_takesAwayAPart_theSameForTheSameSeed(jitter: Double) {
    var one = Backoff(initial: .seconds(1), factor: 1, jitter: jitter, seed: 9)
    var same = Backoff(initial: .seconds(1), factor: 1, jitter: jitter, seed: 9)
    var other = Backoff(initial: .seconds(1), factor: 1, jitter: jitter, seed: 10)
    var least = Duration.seconds(1)
    var most = Duration.zero
    var differs = false
    for _ in 0..<1_000 {
      let wait = one.next()!
      #expect(wait == same.next())
      differs = differs || wait != other.next()
      least = min(least, wait)
      most = max(most, wait)
    }
    #expect(differs)
    #expect(least >= .seconds(1) * (1 - jitter) && least < .seconds(1) * (1 - jitter * 0.98))
    #expect(most <= .seconds(1) && most > .seconds(1) * (1 - jitter * 0.02))
  }

  @Test func retry_triesUntilItWorks_withTheWaitsBetween() throws {
    let runtime = try TestRuntime()
    let attempts = Shared<[UInt64]>([])
    let value = try runtime.run {
      try await retry(Backoff(initial: .seconds(1))) {
        attempts.value.append(Deadline.now.nanoseconds / 1_000_000_000)
        if attempts.value.count < 4 { throw TestError(number: attempts.value.count) }
        return 8
      }
    }
    #expect(value == 8)
    #expect(attempts.value == [0, 1, 3, 7])
  }

  @Test func retry_whenThereAreNoMore_throwsThatWithTheLastError() throws {
    let runtime = try TestRuntime()
    let attempts = Shared(0)
    do {
      try runtime.run {
        try await retry(Backoff(retries: 3)) {
          attempts.value += 1
          throw TestError(number: attempts.value)
        }
      }
      Issue.record("it ended well")
    } catch let error as RetriesExhausted {
      #expect(error.limit == .retries && error.retries == 3)
      #expect(error.lastError as? TestError == TestError(number: 4))
      #expect("\(error)".contains("gave up after 3 retries") && "\(error)".contains("TestError(number: 4)"))
    }
    #expect(attempts.value == 4)
  }

  @Test func retry_withADeadline_triesALastTimeAtIt() throws {
    let runtime = try TestRuntime()
    let attempts = Shared<[UInt64]>([])
    do {
      try runtime.run {
        let backoff = Backoff(initial: .seconds(2), deadline: Deadline(nanoseconds: 9_000_000_000))
        try await retry(backoff) {
          attempts.value.append(Deadline.now.nanoseconds / 1_000_000_000)
          throw TestError()
        }
      }
      Issue.record("it ended well")
    } catch let error as RetriesExhausted { #expect(error.limit == .deadline) }
    #expect(attempts.value == [0, 2, 6, 9])
  }

  @Test func retry_whenItIsNotWorthIt_orCancelled_throwsTheErrorAsItIs() throws {
    let runtime = try TestRuntime()
    let attempts = Shared(0)
    #expect(throws: TestError(number: 2)) {
      try runtime.run {
        try await retry(if: { ($0 as? TestError)?.number != 2 }) {
          attempts.value += 1
          throw TestError(number: attempts.value)
        }
      }
    }
    #expect(attempts.value == 2)
    let before = runtime.now
    let cancelled = runtime.spawn {
      try await retry(Backoff(initial: .seconds(20))) { throw TestError() }
    }
    runtime.runUntilIdle()
    cancelled.cancel()
    let cancelledResult = runtime.result(of: cancelled)
    #expect(throws: CancellationError.self) { try cancelledResult.get() }
    #expect(runtime.now == before && runtime.timerCount == 0)
    let limited = runtime.spawn {
      try await withTimeout(.seconds(5)) {
        try await retry(Backoff(initial: .seconds(2), factor: 1)) { throw TestError() }
      }
    }
    let limitedResult = runtime.result(of: limited)
    #expect(throws: TimeoutError.self) { try limitedResult.get() }
  }

  @Test func retry_ofAttemptsWithATimeLimit_triesAgainAfterEach() throws {
    let runtime = try TestRuntime()
    let attempts = Shared(0)
    let value = try runtime.run {
      try await retry(Backoff(initial: .seconds(1), factor: 1)) {
        attempts.value += 1
        return try await withTimeout(.seconds(1)) {
          if attempts.value < 3 { try await sleep(for: .seconds(1_000)) }
          return attempts.value
        }
      }
    }
    #expect(value == 3 && runtime.now == Deadline(nanoseconds: 4_000_000_000))
  }

  @Test func badParameters_trap() async {
    let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff(initial: .zero)
    }
    expectSaid(negative, "it must be longer than zero")
    let order = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff(initial: .seconds(2), maximum: .seconds(1))
    }
    expectSaid(order, "longer than its maximum")
    let factor = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff(factor: 0.5)
    }
    expectSaid(factor, "it must be at least 1")
    let jitter = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff(jitter: 1.5)
    }
    expectSaid(jitter, "within 0...1")
    let retries = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff(retries: -1)
    }
    expectSaid(retries, "0 or more")
  }
}
