// Shutdown: by handle and by signal; waiting until nothing is alive; what is left of a runtime.

import CNexus
import Foundation
@testable import NexusRT
import Testing

@Suite struct ShutdownTests {
  @Test func request_wakesAllWhoWait_tasksAndThreads() async throws {
    let woken = Count()
    try await inRuntime { runtime in
      let shutdown = runtime.shutdown
      let threads = (0..<3).map { _ in Worker { if shutdown.waitForRequestBlocking() { woken.add() } } }
      try runtime.blockOn {
        expectEqual(try await shutdown.waitForRequest(until: .after(.milliseconds(1))), false)
        for _ in 0..<10 {
          spawnBoxed {
            try await RuntimeHandle.current.shutdown.waitForRequest()
            woken.add()
          }
        }
        await yield()
        expect(!shutdown.isRequested)
        let asker = Worker { shutdown.request() }
        try await shutdown.waitForRequest()
        asker.join()
        try await quiesce(within: .seconds(60))
      }
      for thread in threads { thread.join() }
      expect(shutdown.isRequested && shutdown.signal == nil)
    }
    #expect(woken.value == 13)
  }

  @Test func shutdown_isOfUse_whenTheRuntimeHasEnded() async throws {
    let shutdown = try await inRuntime { $0.shutdown }
    #expect(!shutdown.isRequested)
    shutdown.request()
    #expect(shutdown.isRequested)
  }

  /// In a process of its own: a signal is the whole process's.
  @Test(arguments: [false, true]) func signal_asksEveryRuntimeThatWatches(isToProcess: Bool) async {
    let isToProcess = isToProcess
    if isToProcess {
      await #expect(processExitsWith: .success) {
        try await signalReachesTwoRuntimes { kill(getpid(), SIGTERM) }
      }
    } else {
      // To a thread that has not blocked it: those of Dispatch have.
      await #expect(processExitsWith: .success) {
        try await signalReachesTwoRuntimes {
          var set = sigset_t()
          sigemptyset(&set)
          sigaddset(&set, SIGTERM)
          pthread_sigmask(SIG_UNBLOCK, &set, nil)
          raise(SIGTERM)
        }
      }
    }
  }

  @Test func secondSignal_endsTheProcess() async {
    await #expect(processExitsWith: .signal(SIGINT)) {
      try await onThread {
        var configuration = Configuration()
        configuration.signals = .termination
        let runtime = try Runtime(configuration: configuration)
        try runtime.blockOn {
          kill(getpid(), SIGINT)
          try await runtime_shutdown().waitForRequest()
          guard runtime_shutdown().signal == SIGINT else { fatalError("another signal") }
          kill(getpid(), SIGINT)
          try await sleep(for: .seconds(60))
        }
      }
    }
  }

  @Test func whatSignalsDid_isPutBack() async {
    await #expect(processExitsWith: .success) {
      try await onThread {
        signal(SIGTERM, SIG_IGN)
        // SIGTERM is not blocked before, and SIGINT is.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let before = openDescriptors()
        for _ in 0..<50 {
          var configuration = Configuration()
          configuration.signals = .termination
          let runtime = try Runtime(configuration: configuration)
          try runtime.blockOn { await yield() }
          var blocked = sigset_t()
          pthread_sigmask(SIG_SETMASK, nil, &blocked)
          guard sigismember(&blocked, SIGTERM) == 1 else { fatalError("SIGTERM is not blocked") }
        }
        var blocked = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &blocked)
        guard sigismember(&blocked, SIGINT) == 1, sigismember(&blocked, SIGTERM) == 0 else {
          fatalError("the signals are not blocked as before")
        }
        // Ignored as before.
        kill(getpid(), SIGTERM)
        guard openDescriptors() - before < 10 else { fatalError("descriptors leaked") }
      }
    }
  }

  @Test func signalsNamedTwice_trap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await onThread {
        let runtime = try Runtime()
        try runtime.watchSignals(.interrupt)
        try runtime.watchSignals(.terminate)
      }
    }
    expectSaid(result, "told twice which signals")
  }
}

private func runtime_shutdown() -> ShutdownHandle { RuntimeHandle.current.shutdown }

/// Two runtimes on two threads, and a third thread that has not blocked anything.
private func signalReachesTwoRuntimes(_ send: @escaping @Sendable () -> Void) async throws {
  let isReady = Count()
  let sender = Worker {
    while isReady.value < 2 { usleep(100) }
    send()
  }
  try await withThrowingTaskGroup(of: Void.self) { group in
    for watchesLater in [false, true] {
      group.addTask {
        try await onThread {
          var configuration = Configuration.patient
          if !watchesLater { configuration.signals = .termination }
          let runtime = try Runtime(configuration: configuration)
          if watchesLater { try runtime.watchSignals([.terminate]) }
          try runtime.blockOn {
            let other = spawnBoxed { try await runtime_shutdown().waitForRequest() }
            isReady.add()
            try await runtime_shutdown().waitForRequest()
            try await other.value()
          }
          guard runtime.shutdown.signal == SIGTERM else { fatalError("the signal was not told") }
        }
      }
    }
    try await group.waitForAll()
  }
  sender.join()
}

@Suite struct QuiesceTests {
  @Test func quiesce_waitsForAllOthers() async throws {
    try await inTask {
      let ended = Shared(0)
      for number in 0..<20 {
        spawnBoxed {
          try await sleep(for: .microseconds(number * 100))
          ended.value += 1
        }
      }
      try await quiesce(within: .seconds(60))
      expectEqual(ended.value, 20)
      expectEqual(runtimeTaskCount(), 1)
      try await quiesce(within: .zero)
    }
  }

  @Test func quiesce_outside_runsTheLoop() async throws {
    let ended = Count()
    try await inRuntime { runtime in
      try runtime.blockOn {
        for _ in 0..<10 {
          spawnBoxed {
            try await sleep(for: .milliseconds(2))
            ended.add()
          }
        }
      }
      try runtime.quiesce(within: .seconds(60))
      expectEqual(ended.value, 10)
      expectEqual(runtime.taskCount, 0)
    }
  }

  @Test func whatIsAlive_isNamed_withWhatItWaitsFor() async throws {
    try await inRuntime { runtime in
      let reports = try runtime.blockOn { () -> [TaskReport] in
        let isOver = Shared(false)
        defer { isOver.value = true }
        let ends = Pipe()
        spawnBoxed(name: "sleeper") { try await sleep(for: .seconds(1_000)) }
        spawnBoxed {
          var buffer = IOBuffer(count: 1)
          var bytes = buffer.mutableBytes
          _ = try await ends.input.read(into: &bytes)
        }
        let joined: JoinHandle<Void> = spawnBoxed { _ = await Wait(for: "the third thing").suspend() }
        spawnBoxed(joined) { joined in try await joined.value() }
        let cancelled = spawnBoxed { while !isOver.value { await yield() } }
        spawnBoxed { try await Task.sleep(for: .seconds(1_000)) }
        spawnBoxed {
          async let child: Void = sleep(for: .seconds(1_000))
          try await child
        }
        for _ in 0..<4 { await yield() }
        cancelled.cancel()
        do throws(QuiesceError) {
          // One that starts when the time is up already.
          try await quiesce(within: .milliseconds(5))
          return []
        } catch {
          guard case .stillAlive(let reports) = error else { return [] }
          return reports
        }
      }
      let activities = reports.filter { !$0.isChild }.map(\.activity)
      expectEqual(activities.count, 7)
      expectEqual(reports.map(\.name).filter { $0 != nil }, ["sleeper"])
      expectEqual(reports[0].description, "task \(reports[0].index) 'sleeper' waits: sleep")
      expectEqual(activities[0], .waiting(operation: "sleep"))
      expectEqual(activities[1], .inKernel(operation: "read"))
      expectEqual(activities[2], .waiting(operation: "the third thing"))
      expectEqual(activities[3], .waiting(operation: "JoinHandle.value()"))
      // The continuation way hands a task that is ready to the Swift runtime, which does not tell.
      if runtime.suspension != .continuation { expectEqual(activities[4], .ready) }
      expectEqual(activities[5], .elsewhere)
      expectEqual(activities[6], .elsewhere)
      expectEqual(reports.filter { $0.isCancelled }.count, 1)
      expectEqual(reports.filter(\.isChild).map(\.activity), [.waiting(operation: "sleep")])
    }
  }

  @Test func neverStarted_isTold_outside() async throws {
    try await inRuntime { runtime in
      try runtime.blockOn { for _ in 0..<3 { spawnBoxed { try await sleep(for: .seconds(1_000)) } } }
      expectEqual(runtime.taskReports().map(\.activity), Array(repeating: .neverStarted, count: 3))
      // A thread that gets no processor for 3 ms would find the time up before it had started them.
      try runtime.blockOn { for _ in 0..<4 { await yield() } }
      do throws(QuiesceError) {
        try runtime.quiesce(within: .milliseconds(3))
        expect(false, "it became quiet")
      } catch {
        guard case .stillAlive(let reports) = error else { return expect(false) }
        expectEqual(
          reports.map(\.activity), Array(repeating: .waiting(operation: "sleep"), count: 3))
        expect("\(error)".contains("3 tasks were still alive"))
        expect("\(error)".contains("waits: sleep"))
      }
    }
  }

  @Test func quiesce_cancelled_throws_andLeavesNothing() async throws {
    try await inTask {
      spawnBoxed { try await sleep(for: .seconds(1_000)) }
      let waiting = spawnBoxed { try await quiesce(within: .seconds(1_000)) }
      await yield()
      await yield()
      waiting.cancel()
      do {
        try await waiting.value()
        expect(false, "it became quiet")
      } catch { expect(error as? QuiesceError == .cancelled) }
      expect(unsafe LoopState.current(for: "test").pointee.quiescers.isEmpty)
    }
  }
}

@Suite struct StatisticsTests {
  @Test func statistics_areNil_whileTheRuntimeLives_andItsLast_afterwards() async throws {
    let statistics = try await inRuntime { runtime in
      try runtime.blockOn { for _ in 0..<5 { try await spawnBoxed {}.value() } }
      expect(runtime.statistics.final == nil)
      return runtime.statistics
    }
    let final = try #require(statistics.final)
    #expect(final.counters.spawns == 6)
    #expect(final.tasksGivenUp == 0 && final.wakesNotDelivered == 0 && final.blockingThreadsLeft == 0)
  }

  @Test func tasksGivenUp_areCounted() async throws {
    let statistics = try await onThread {
      var configuration = Configuration()
      configuration.endTimeout = .milliseconds(10)
      let runtime = try Runtime(configuration: configuration)
      try runtime.blockOn {
        for _ in 0..<3 { spawnBoxed { while true { await yield() } } }
        await yield()
      }
      return runtime.statistics
    }
    #expect(statistics.final?.tasksGivenUp == 3)
  }
}
