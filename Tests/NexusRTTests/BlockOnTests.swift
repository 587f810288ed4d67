// blockOn and blockOnBusy hand their body's result or error back, and leave what still runs for the next call.

import NexusRT
import Testing

@Suite struct BlockOnTests {
  @Test(arguments: [false, true]) func result_isGivenBack(busy: Bool) async throws {
    #expect(try await inTask(busy: busy) { 42 } == 42)
  }

  @Test(arguments: [false, true]) func result_whenBodySuspends_isGivenBack(busy: Bool) async throws {
    let result = try await inTask(busy: busy) {
      await yield()
      try await sleep(for: .milliseconds(1))
      return "done"
    }
    #expect(result == "done")
  }

  @Test(arguments: [false, true]) func error_isThrown(busy: Bool) async throws {
    await #expect(throws: TestError(number: 7)) {
      try await inTask(busy: busy) {
        await yield()
        throw TestError(number: 7)
      }
    }
  }

  @Test func result_whenNoncopyable_isGivenBack_andDiesOnce() async throws {
    let lives = Lives()
    try await inRuntime { runtime in
      let unique = try runtime.blockOn { Unique(lives, 3) }
      expect(unique.number == 3)
      expect(lives.alive == 1)
      _ = consume unique
      expect(lives.alive == 0 && lives.made == 1)
    }
  }

  @Test func blockOn_afterThrowing_worksAgain() async throws {
    try await inRuntime { runtime in
      for number in 1...3 {
        do {
          try runtime.blockOn { throw TestError(number: number) }
          expect(false, "nothing was thrown")
        } catch { expectEqual(error as? TestError, TestError(number: number)) }
        expectEqual(try runtime.blockOn { number }, number)
      }
    }
  }

  @Test func task_whenItOutlivesBlockOn_goesOnInTheNext() async throws {
    try await inRuntime { runtime in
      let steps = Kept(0)
      try runtime.blockOn {
        spawnBoxed {
          for _ in 1...10 {
            steps.value! += 1
            await yield()
          }
        }
        await yield()
      }
      let before = steps.value!
      expect(before >= 1 && before < 10, "\(before) steps")
      expectEqual(runtime.taskCount, 1)
      try runtime.blockOnBusy { while steps.value! < 10 { await yield() } }
      try runtime.blockOn { await yield() }
      expectEqual(steps.value, 10)
      expectEqual(runtime.taskCount, 0)
    }
  }

  @Test func timer_whenItExpiresBetweenTwoCalls_firesInTheNext() async throws {
    try await inRuntime { runtime in
      let kept = Kept<JoinHandle<Int>>()
      try runtime.blockOn {
        kept.value = spawnBoxed {
          try await sleep(for: .milliseconds(1))
          return 5
        }
        await yield()
      }
      expectEqual(try runtime.blockOn { try await kept.take().value() }, 5)
    }
  }

  @Test func secondRuntime_whenOneIsAlive_isRefused_andAfterItsEndAllowed() async throws {
    try await onThread {
      do {
        let first = try Runtime()
        do {
          _ = try Runtime()
          expect(false, "a second runtime was made")
        } catch let error as RuntimeError { expectEqual(error, .runtimeExistsOnThisThread) }
        expectEqual(try first.blockOn { 1 }, 1)
      }
      expectEqual(try Runtime().blockOn { 2 }, 2)
    }
  }

  @Test func suspension_isTheOneAskedFor() async throws {
    for way in [SuspensionWay.switch, .continuation] {
      var configuration = Configuration()
      configuration.suspension = way
      try await inRuntime(configuration) { runtime in
        expectEqual(runtime.suspension, way)
        expect(runtime.suspensionNote == nil)
        expectEqual(
          try runtime.blockOn {
            await yield(); return 1
          }, 1)
      }
    }
  }

  @Test func counters_countWhatRan() async throws {
    let counters = try await inTask {
      for _ in 1...10 { try await spawnBoxed {}.value() }
      return runtimeCounters()
    }
    // The root is a task too.
    #expect(counters.spawns == 11)
    #expect(counters.resumes >= 20)
  }
}
