// Plain threads that own a value.

import NexusRT
import Testing

@Suite struct StartThreadTests {
  @Test func join_givesWhatTheBodyReturned() {
    let lives = Lives()
    let thread = startThread(Unique(lives, 41)) { unique in unique.number + 1 }
    let value = thread.join()
    #expect(value == 42)
    #expect(lives.made == 1 && lives.alive == 0)
  }

  @Test func join_throwsWhatTheBodyThrew() {
    let thread = startThread(7) { number throws(TestError) -> Int in throw TestError(number: number) }
    do throws(TestError) {
      _ = try thread.join()
      Issue.record("the thread threw nothing")
    } catch {
      #expect(error.number == 7)
    }
  }

  @Test func droppedHandle_letsTheThreadRunOn() async {
    let number = await withCheckedContinuation { continuation in
      _ = startThread(3) { continuation.resume(returning: $0) }
    }
    #expect(number == 3)
  }

  @Test func thread_mayMakeARuntime() throws {
    let thread = startThread(20) { number in
      let runtime = try Runtime()
      return try runtime.blockOn { try await spawnBoxed { number + 1 }.value() }
    }
    let value = try thread.join()
    #expect(value == 21)
  }

  @Test func join_afterBlockOn_isAllowed_inATask_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await onThread {
        let runtime = try Runtime()
        startThread(1) { _ in }.join()
        try runtime.blockOn { startThread(1) { _ in }.join() }
      }
    }
    expectSaid(result, "a thread was joined in a task")
  }
}
