// The test harness: time moves when the test says so, tasks run a step at a time, and always alike.

@testable import NexusRT
import NexusTestSupport
import Testing

@Suite struct HarnessTests {
  @Test func advance_firesInOrder_andLetsAChainOfSleepsSeeEachDeadline() throws {
    let runtime = try TestRuntime()
    let log = Shared<[String]>([])
    for (name, seconds) in [("a", 3), ("b", 5)] {
      runtime.spawn {
        for _ in 1...3 {
          try await sleep(for: .seconds(seconds))
          log.value.append("\(name)\(Deadline.now.nanoseconds / 1_000_000_000)")
        }
      }
    }
    #expect(log.value == [])
    runtime.advance(by: .seconds(4))
    #expect(log.value == ["a3"])
    runtime.advance(by: .seconds(3_596))
    #expect(log.value == ["a3", "b5", "a6", "a9", "b10", "b15"])
    #expect(runtime.now == Deadline(nanoseconds: 3_600_000_000_000) && runtime.taskCount == 0)
  }

  @Test func hours_takeNoTime() throws {
    let start = ContinuousClock.now
    let runtime = try TestRuntime()
    try runtime.run { for _ in 1...24 * 365 { try await sleep(for: .seconds(3_600)) } }
    #expect(runtime.now == Deadline(nanoseconds: 8_760 * 3_600_000_000_000))
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func equalDeadlines_goInTheOrderInWhichTheyWereSet() throws {
    let runtime = try TestRuntime()
    let log = Shared<[Int]>([])
    for number in 0..<200 {
      runtime.spawn {
        try await sleep(until: Deadline(nanoseconds: 1_000_000))
        log.value.append(number)
      }
    }
    runtime.advance(to: Deadline(nanoseconds: 1_000_000))
    #expect(log.value == Array(0..<200))
  }

  @Test func stepping_showsWhatIsReady_whatWaits_andWhatComesNext() throws {
    let runtime = try TestRuntime()
    #expect(runtime.nextDeadline == nil && runtime.readyCount == 0 && !runtime.runOne())
    let log = Shared<[Int]>([])
    for number in 1...3 {
      runtime.spawn {
        log.value.append(number)
        await yield()
        log.value.append(number * 10)
        try await sleep(for: .nanoseconds(number))
      }
    }
    #expect(runtime.readyCount == 3 && runtime.waitingCount == 0 && runtime.taskCount == 3)
    #expect(runtime.runOne())
    #expect(log.value == [1])
    // Some ways of suspending take a task through the queue more than once.
    while log.value.count < 4 { #expect(runtime.runOne()) }
    #expect(log.value == [1, 2, 3, 10])
    while log.value.count < 6 { runtime.runTurn() }
    runtime.runUntilIdle()
    #expect(log.value == [1, 2, 3, 10, 20, 30])
    #expect(runtime.readyCount == 0 && runtime.waitingCount == 3 && runtime.timerCount == 3)
    #expect(runtime.nextDeadline == Deadline(nanoseconds: 1))
    #expect(runtime.advanceToNextDeadline())
    #expect(runtime.now == Deadline(nanoseconds: 1) && runtime.taskCount == 2)
    runtime.advance(by: .nanoseconds(1))
    #expect(runtime.taskCount == 1)
    runtime.advance(by: .nanoseconds(1))
    #expect(runtime.taskCount == 0 && runtime.waitingCount == 0 && !runtime.advanceToNextDeadline())
  }

  @Test func clock_standsStill_whileTasksRun() throws {
    let runtime = try TestRuntime(start: Deadline(nanoseconds: 77))
    try runtime.run {
      for _ in 1...1_000 {
        await yield()
        expect(Deadline.now.nanoseconds == 77 && loopTime().nanoseconds == 77)
        expect(Deadline(nanoseconds: 77).isPast && !Deadline(nanoseconds: 78).isPast)
        expect(RuntimeClock().now.nanoseconds == 77)
      }
    }
    #expect(Deadline.now == Deadline(nanoseconds: 77))
  }

  @Test func timeLimits_followTheClock() throws {
    let runtime = try TestRuntime()
    let tooLate = runtime.spawn { try await withTimeout(.seconds(60)) { try await sleep(for: .seconds(61)) } }
    // The limit was set before the sleep's deadline, and is first among equals.
    let asLate = runtime.spawn { try await withTimeout(.seconds(60)) { try await sleep(for: .seconds(60)) } }
    let inTime = runtime.spawn { try await withTimeout(.seconds(60)) { try await sleep(for: .seconds(59)) } }
    runtime.advance(by: .seconds(58))
    #expect(runtime.taskCount == 3)
    runtime.advance(by: .seconds(2))
    #expect(runtime.taskCount == 0 && runtime.timerCount == 0)
    let results = [runtime.result(of: tooLate), runtime.result(of: asLate), runtime.result(of: inTime)]
    #expect(throws: TimeoutError.self) { try results[0].get() }
    #expect(throws: TimeoutError.self) { try results[1].get() }
    #expect(throws: Never.self) { try results[2].get() }
  }

  /// Woken, and its time is up before it has run on: it has what it waited for, and that counts.
  @Test func operationThatEnds_inTheTurnOfItsLimit_counts() throws {
    let runtime = try TestRuntime()
    let token = Shared(WakeToken.none)
    let waiter = runtime.spawn {
      try await withTimeout(.seconds(1)) {
        let wait = Wait(for: "test")
        token.value = wait.token
        guard await wait.suspend() else { throw CancellationError() }
        expect(isCancelled())
        return 5
      }
    }
    runtime.runUntilIdle()
    runtime.spawn {
      token.value.wake()
      expect(unsafe LoopState.current(for: "test").pointee.advanceToNextDeadline(atMost: .max))
    }
    #expect(try runtime.value(of: waiter) == 5)
    #expect(runtime.now == Deadline(nanoseconds: 1_000_000_000))
    #expect(try runtime.run { try await withTimeout(.zero) { 6 } } == 6)
  }

  @Test func run_ends_thoughOthersYieldForEver() throws {
    let runtime = try TestRuntime()
    let spinner = runtime.spawn { while !isCancelled() { await yield() } }
    #expect(try runtime.run { 5 } == 5)
    spinner.cancel()
    try runtime.value(of: spinner)
  }

  @Test func run_throwsWhatTheBodyThrows_andWhatIsStuckSaysSo() throws {
    let runtime = try TestRuntime()
    #expect(throws: TestError(number: 3)) { try runtime.run { throw TestError(number: 3) } }
    do {
      try runtime.run(patience: .milliseconds(1)) { _ = await Wait(for: "test").suspend() }
      Issue.record("it ended")
    } catch let error as TestRuntime.Stalled {
      #expect(error.waitingTasks == 1 && error.operations == 0)
      #expect("\(error)".contains("1 tasks wait"))
    }
  }

  @Test func run_waitsForOtherThreads_withinItsPatience() throws {
    let runtime = try TestRuntime()
    let value = try runtime.run(patience: .seconds(60)) {
      await withCheckedContinuation { continuation in
        _ = Worker { continuation.resume(returning: 6) }
      }
    }
    #expect(value == 6)
  }

  @Test func run_waitsForTheKernel_beforeItMovesTheClock() throws {
    let runtime = try TestRuntime()
    let pipe = Pipe()
    let input = Kept(File(borrowing: pipe.input.descriptor))
    let output = Kept(File(borrowing: pipe.output.descriptor))
    let read = try runtime.run(patience: .seconds(60)) {
      let reader = spawnBoxed {
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        return try await withTimeout(.seconds(1)) { try await input.value!.read(into: &bytes) }
      }
      await yield()
      let one = IOBuffer(count: 1)
      _ = try await output.value!.write(one.bytes)
      return try await reader.value()
    }
    #expect(read == 1 && runtime.now.nanoseconds == 0)
    // With nobody to write, patience ends, and the clock goes to the limit.
    #expect(throws: TimeoutError.self) {
      try runtime.run(patience: .milliseconds(5)) {
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        return try await withTimeout(.seconds(1)) { try await input.value!.read(into: &bytes) }
      }
    }
    #expect(runtime.now.nanoseconds == 1_000_000_000 && runtime.operationCount == 0)
  }

  @Test func world_isReached_fromTheTestAndFromTasks() throws {
    var world = World()
    world.insert(1)
    let runtime = try TestRuntime(world: world)
    runtime.spawn {
      try await sleep(for: .seconds(1))
      withWorld { $0[Int.self] += 1 }
    }
    runtime.advance(by: .seconds(1))
    #expect(withWorld { $0[Int.self] } == 2)
  }

  @Test func sameSeed_givesTheSameOrder_timersIncluded() throws {
    var orders: Set<[Int]> = []
    for seed in UInt64(1)...12 {
      let first = try order(seed: seed)
      let second = try order(seed: seed)
      #expect(first.order == second.order && first.hash == second.hash)
      orders.insert(first.order)
    }
    #expect(orders.count > 6)
  }

  @Test func tasksThatStillWait_areCancelled_whenItGoes() throws {
    let lives = Lives()
    do {
      let runtime = try TestRuntime()
      for number in 0..<10 {
        runtime.spawn {
          let unique = Unique(lives, number)
          try await sleep(for: .seconds(1_000))
          _ = unique.number
        }
      }
      runtime.runUntilIdle()
      #expect(lives.alive == 10)
    }
    #expect(lives.alive == 0)
  }

  @Test func blockOn_withAManualClock_movesItWhenIdle_ifAskedTo() async throws {
    var configuration = Configuration.patient
    configuration.clock = .manual(start: Deadline(nanoseconds: 5), advancesWhenIdle: true)
    try await inTask(configuration) {
      let other = spawnBoxed {
        for _ in 1...10 { try await sleep(for: .seconds(7_200)) }
        return Deadline.now
      }
      try await sleep(for: .seconds(3_600))
      expectEqual(Deadline.now.nanoseconds, 5 + 3_600_000_000_000)
      expectEqual(try await other.value().nanoseconds, 5 + 72_000_000_000_000)
    }
  }

  @Test func expectations_inTasks_areTheTests() throws {
    let runtime = try TestRuntime()
    withKnownIssue { try runtime.run { #expect(Deadline.now.nanoseconds == 1) } }
  }

  @Test func use_inItsOwnTask_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try HarnessTests.stepInside()
    }
    expectSaid(result, "stepped inside one of its tasks")
    let back = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try HarnessTests.goBack()
    }
    expectSaid(back, "a clock does not go back")
  }

  @Test func use_inCodeOfAnActor_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await HarnessTests.spawnOnTheMainActor()
    }
    expectSaid(result, "use it in a function without isolation")
  }

  @MainActor private static func spawnOnTheMainActor() throws {
    let runtime = try TestRuntime()
    runtime.spawn { await yield() }
  }

  private static func stepInside() throws {
    let runtime = try TestRuntime()
    runtime.spawn { runtime.runUntilIdle() }
    runtime.runUntilIdle()
  }

  private static func goBack() throws { try TestRuntime().advance(by: .seconds(-1)) }

  private func order(seed: UInt64) throws -> (order: [Int], hash: UInt64) {
    var configuration = Configuration()
    configuration.schedule = .random(seed: seed)
    let runtime = try TestRuntime(configuration: configuration)
    let order = Shared<[Int]>([])
    for number in 0..<8 {
      runtime.spawn {
        var beat = interval(every: .milliseconds(10))
        for _ in 1...4 {
          try await beat.tick()
          order.value.append(number)
          await yield()
        }
      }
    }
    runtime.advance(by: .milliseconds(25))
    #expect(order.value.count == 16)
    runtime.advance(by: .milliseconds(15))
    #expect(order.value.count == 32)
    return (order.value, runtime.counters.scheduleHash)
  }
}
