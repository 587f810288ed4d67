// What users of comparable runtimes rely on, where no other suite shows it as such.

@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct ParityTests {
  @Test func isFinished_isTrue_onceTheTaskHasEnded_andNotBefore() async throws {
    try await inTask {
      let gate = Barrier()
      let passing = spawnBoxed { await gate.pass() }
      let failing = spawnBoxed { throw TestError() }
      expect(!passing.isFinished && !failing.isFinished)
      await yield()
      expect(!passing.isFinished && failing.isFinished)
      gate.open()
      await yield()
      expect(passing.isFinished)
      try await passing.value()
    }
  }

  /// The limit is a moment of the runtime's clock, and it counts whatever came before it.
  @Test func deadline_endsTheBodysWait_atThatMoment() throws {
    let runtime = try TestRuntime()
    let end = Deadline(nanoseconds: 5_000)
    let late = runtime.spawn { try await withDeadline(end) { try await sleep(for: .nanoseconds(5_001)) } }
    let onTime = runtime.spawn {
      try await withDeadline(end) {
        try await sleep(until: Deadline(nanoseconds: 4_999))
        return Deadline.now.nanoseconds
      }
    }
    runtime.advance(to: Deadline(nanoseconds: 4_999))
    #expect(runtime.timerCount == 2)
    #expect(try runtime.value(of: onTime) == 4_999)
    runtime.advance(by: .nanoseconds(1))
    expect(late.isFinished)
    let result = runtime.result(of: late)
    #expect(throws: TimeoutError.self) { try result.get() }
    #expect(runtime.timerCount == 0)
  }

  /// However many wakes other threads sent at once, a turn runs `tasksPerTurn`.
  @Test func wakesOfAnotherThread_moreThanATurnTakes_areServedInTurns() async throws {
    var configuration = Configuration.patient
    configuration.tasksPerTurn = 4
    try await inTask(configuration) {
      let tokens = Shared<[WakeToken]>([])
      let woken = Shared(0)
      for _ in 1...1_000 {
        spawnBoxed {
          let wait = Wait(for: "test")
          tokens.value.append(wait.token)
          if await wait.suspend() { woken.value += 1 }
        }
      }
      while tokens.value.count < 1_000 { await yield() }
      let before = runtimeCounters()
      let all = tokens.value
      Worker { for token in all { expect(token.wake()) } }.join()
      while woken.value < 1_000 { await yield() }
      let after = runtimeCounters()
      expectEqual(after.foreignWakes - before.foreignWakes, 1_000)
      expect(after.turns - before.turns >= 250, "\(after.turns - before.turns) turns")
    }
  }

  /// A task that fails ends alone: its error goes to whoever awaits it, and nowhere if nobody does.
  @Test func taskThatThrows_endsNoOther_andNotTheLoop() async throws {
    try await inTask {
      let ended = Shared(0)
      for number in 0..<100 {
        spawnBoxed {
          await yield()
          if number % 2 == 0 { throw TestError(number: number) }
          ended.value += 1
        }
      }
      for _ in 1...3 { await yield() }
      expectEqual(ended.value, 50)
      expectEqual(runtimeTaskCount(), 1)
    }
  }

  @Test func runtime_hasItsDefaults() {
    let configuration = Configuration()
    #expect(configuration.tasksPerTurn == 64)
    #expect(configuration.submissionEntries == 256)
    #expect(configuration.slab == nil)
    #expect(configuration.signals == [])
    #expect(configuration.idle == .park)
    #expect(configuration.clock == .monotonic)
    #expect(configuration.cpu == nil)
    #expect(configuration.schedule == .firstInFirstOut)
  }

  @Test func backoff_thatIsReset_keepsItsDeadline() throws {
    let runtime = try TestRuntime()
    try runtime.run {
      var backoff = Backoff(
        initial: .nanoseconds(10), retries: 2, deadline: Deadline(nanoseconds: 25))
      try await backoff.wait(after: TestError())
      try await backoff.wait(after: TestError())
      expectEqual(Deadline.now.nanoseconds, 25)
      backoff.reset()
      expectEqual(backoff.retries, 0)
      expect(backoff.isExhausted)
      do {
        try await backoff.wait(after: TestError(number: 3))
        expect(false, "it waited beyond its deadline")
      } catch {
        expectEqual((error as? RetriesExhausted)?.limit, .deadline)
        expectEqual((error as? RetriesExhausted)?.lastError as? TestError, TestError(number: 3))
      }
    }
  }

  /// Any number of operations may be in flight, however small the submission queue is.
  @Test func operationsInFlight_areNotLimitedByTheSubmissionQueue() async throws {
    var configuration = Configuration.patient
    configuration.submissionEntries = 2
    try await inTask(configuration) {
      let pipe = Pipe()
      let input = pipe.input.descriptor
      let received = Shared(0)
      for _ in 1...200 {
        spawnBoxed {
          var buffer = IOBuffer(count: 1)
          var bytes = buffer.mutableBytes
          received.value += try await File(borrowing: input).read(into: &bytes)
        }
      }
      for _ in 1...3 { await yield() }
      let all = IOBuffer(count: 200)
      expectEqual(try await pipe.output.write(all.bytes), 200)
      try await quiesce(within: .seconds(60))
      expectEqual(received.value, 200)
    }
  }
}
