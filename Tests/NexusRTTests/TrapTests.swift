// A programmer's errors end the process with a sentence, in release builds too. Each exit test has its own process.

import NexusRT
import Testing

@Suite struct TrapTests {
  @Test func blockOn_insideATask_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await onThread {
        let kept = Kept(try Runtime())
        try kept.value!.blockOn { try kept.value!.blockOn {} }
      }
    }
    expectSaid(result, "blockOn was called inside a task")
  }

  @Test func spawn_outsideARuntime_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await onThread { _ = spawnBoxed {} }
    }
    expectSaid(result, "spawnBoxed must be called from a task of a runtime")
  }

  @Test func yield_outsideARuntime_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      await yield()
    }
    expectSaid(result, "yield() must be called from a task of a runtime")
  }

  @Test func sleep_onAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask { try await Task.detached { try await sleep(for: .zero) }.value }
    }
    expectSaid(result, "sleep must be called from a task of a runtime")
  }

  @Test func wait_betweenBlockOns_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inRuntime { _ in _ = Wait(for: "my wait").giveUp() }
    }
    expectSaid(result, "my wait must be called from a task of a runtime")
  }

  @Test func wait_afterABlockOnWhoseTaskIsGone_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inRuntime { runtime in
        // With a task-local value the root's Swift task ends with it.
        try Bound.$value.withValue(1) { try runtime.blockOn { await yield() } }
        _ = Wait(for: "my wait").giveUp()
      }
    }
    expectSaid(result, "my wait must be called from a task of a runtime")
  }

  @Test func runtime_usedOnAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let kept = try await onThread { Kept(try Runtime()) }
      try await onThread { try kept.value!.blockOn {} }
    }
    expectSaid(result, "a runtime was used on a thread that did not make it")
  }

  @Test func runtime_endedOnAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let kept = try await onThread { Kept(try Runtime()) }
      try await onThread { kept.value = nil }
    }
    expectSaid(result, "a runtime must end on the thread that made it")
  }

  @Test func handle_droppedOnAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let kept = Kept<JoinHandle<Void>>()
      try await inTask { kept.value = spawnBoxed {} }
      try await onThread { kept.value = nil }
    }
    expectSaid(result, "a JoinHandle was dropped on another thread")
  }

  @Test func withWorld_insideWithWorld_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask { withWorld { _ in withWorld { _ in } } }
    }
    expectSaid(result, "withWorld was called inside withWorld")
  }

  @Test func world_withoutAValueOfTheType_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask { withWorld { world in _ = world[Int.self] } }
    }
    expectSaid(result, "the world has no value of type Int")
  }

  @Test func configuration_withoutTasksPerTurn_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var configuration = Configuration()
      configuration.tasksPerTurn = 0
      try await inRuntime(configuration) { _ in }
    }
    expectSaid(result, "tasksPerTurn must be at least 1")
  }
}

private enum Bound {
  @TaskLocal static var value = 0
}
