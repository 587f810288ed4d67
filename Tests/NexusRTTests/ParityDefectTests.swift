// What is known to go wrong in runtimes of this kind, one test for each: none of it does here.

import CNexus
import Glibc
@testable import NexusRT
import Testing

@Suite struct ParityDefectTests {
  /// A task that is in the run queue when it ends must not be taken for one that is alive.
  @Test func task_thatWakesItself_andEndsInTheSameRun_leavesNothing() async throws {
    try await inTask(oneSlabPlace()) {
      let tasks = runtimeTaskCount()
      var residents: [Int] = []
      for round in 1...1_000 {
        let handle = spawnSlab {
          let wait = Wait(for: "test")
          expect(wait.token.wake())
          // Woken, and yet not suspended.
          wait.giveUp()
        }
        if round % 2 == 0 { try await handle.value() } else { _ = consume handle }
        for _ in 1...2 { await yield() }
        expectEqual(runtimeTaskCount(), tasks)
        if round % 100 == 0 { residents.append(liveResidents()) }
      }
      expectEqual(Set(residents).count, 1)
      try await quiesce(within: .zero)
    }
  }

  @Test(arguments: [1, 4, 64]) func tasksThatAreAlwaysReady_moreThanATurnTakes_allRun(tasksPerTurn: Int)
    async throws
  {
    var configuration = Configuration.patient
    configuration.tasksPerTurn = tasksPerTurn
    try await inTask(configuration) {
      let runs = Shared([Int](repeating: 0, count: 300))
      let isOver = Shared(false)
      for number in 0..<300 {
        spawnBoxed {
          while !isOver.value {
            runs.value[number] += 1
            await yield()
          }
        }
      }
      for _ in 1...10 { await yield() }
      expect(runs.value.min()! >= 9, "some task ran \(runs.value.min()!) times of 10")
      expect(runs.value.max()! <= 11, "some task ran \(runs.value.max()!) times of 10")
      isOver.value = true
    }
  }

  /// Nothing else happens that could wake it by chance: no timer, no other task, no other thread.
  @Test func cancel_ofAParkedTask_unparksItAtOnce_andDropsWhatItHeld() async throws {
    let lives = Lives()
    try await inTask {
      let parked = spawnBoxed(Unique(lives)) { unique in
        _ = await Wait(for: "test").suspend()
        _ = consume unique
      }
      await yield()
      expectEqual(lives.alive, 1)
      let parks = runtimeCounters().parks
      parked.cancel()
      await yield()
      expect(parked.isFinished)
      expectEqual(lives.alive, 0)
      expectEqual(runtimeCounters().parks, parks)
    }
  }

  @Test func sleep_thatIsGivenUp_leavesNoTimer_andHoldsNoTask() async throws {
    let lives = Lives()
    try await inTask(oneSlabPlace()) {
      for _ in 1...200 {
        let sleeper = spawnSlab(Unique(lives)) { unique in
          try await sleep(for: .seconds(1_000))
          _ = consume unique
        }
        await yield()
        expectEqual(lives.alive, 1)
        expectEqual(liveTimers(), 1)
        // Nobody waits for it: its place is free once it has run to its end.
        sleeper.cancel()
        _ = consume sleeper
        await yield()
        expectEqual(liveTimers(), 0)
        expectEqual(lives.alive, 0)
        expect(tryClaimSlot() != nil)
      }
      try await quiesce(within: .zero)
    }
  }

  @Test func operationsWithALimitOf30Seconds_leaveNothingOfIt() async throws {
    try await inTask(oneSlabPlace()) {
      for round in 1...20_000 {
        try await withTimeout(.seconds(30)) { await yield() }
        expectEqual(liveTimers(), 0)
        if round % 100 == 0 {
          try await spawnSlab { try await withTimeout(.seconds(30)) { await yield() } }.value()
          expect(tryClaimSlot() != nil)
        }
      }
      try await quiesce(within: .zero)
    }
  }

  /// Who holds a token holds a number: the task's place is free when the task has ended.
  @Test func token_thatIsKept_keepsNoTask() async throws {
    try await inTask(oneSlabPlace()) {
      let tokens = Shared<[WakeToken]>([])
      for _ in 1...500 {
        let task = spawnSlab {
          let wait = Wait(for: "test")
          tokens.value.append(wait.token)
          _ = await wait.suspend()
        }
        await yield()
        expect(tokens.value.last!.wake())
        try await task.value()
        expect(tryClaimSlot() != nil)
      }
      try await quiesce(within: .zero)
      for token in tokens.value { expect(!token.wake()) }
    }
  }

  /// On the runtime's own thread, and while no task runs.
  @Test func wake_outsideOfEveryTask_isKept_forTheNextBlockOn() async throws {
    try await inRuntime { runtime in
      for round in 1...50 {
        let handle = Kept<JoinHandle<Int>>()
        let published = PublishedToken()
        try runtime.blockOn {
          handle.value = spawnBoxed {
            for number in 1...3 {
              let wait = Wait(for: "test")
              published.publish(wait.token)
              guard await wait.suspend() else { return -number }
            }
            return round
          }
          await yield()
        }
        for _ in 1...3 {
          expect(published.token.wake())
          expect(!published.token.wake())
          try runtime.blockOn { await yield() }
        }
        expectEqual(try runtime.blockOn { try await handle.take().value() }, round)
      }
    }
  }

  /// One of the two wins each time, and the task is queued once, not twice and not never.
  @Test func wakeOnTheOwnThread_racingAnotherThreads_wakesOnce() async throws {
    let rounds = 3_000
    let foreign = Count()
    let handed = PublishedToken()
    let isOver = Flag()
    let waker = Worker {
      var looks = 0
      while !isOver.isSet {
        let token = handed.token
        if token == .none {
          looks += 1
          if looks % 1_000 == 0 { usleep(1) } else { nexus_spin_hint() }
          continue
        }
        handed.clear()
        if token.wake() { foreign.add() }
        foreign.done()
      }
    }
    try await inTask {
      var random = SeededGenerator(seed: 12)
      let local = Shared(0)
      let passed = Shared(0)
      let published = PublishedToken()
      let waiter = spawnBoxed {
        for _ in 1...rounds {
          let wait = Wait(for: "test")
          published.publish(wait.token)
          expect(await wait.suspend())
          passed.value += 1
        }
      }
      for round in 1...rounds {
        while passed.value < round - 1 || published.token == .none { await yield() }
        let token = published.token
        published.clear()
        let spins = Int.random(in: 0..<100, using: &random)
        handed.publish(token)
        for _ in 0..<spins { nexus_spin_hint() }
        if token.wake() { local.value += 1 }
        // Soon, or parked, so that the other thread finds a core.
        for _ in 0..<1_000 where foreign.finished < round { nexus_spin_hint() }
        while foreign.finished < round { try await sleep(for: .microseconds(5)) }
      }
      try await waiter.value()
      expectEqual(passed.value, rounds)
      expectEqual(local.value + foreign.value, rounds)
    }
    isOver.set()
    waker.join()
  }

  /// Each operation is woken by itself: a reader and a writer of one descriptor, and two readers, miss nothing.
  @Test func tasks_thatWaitOnOneDescriptor_areAllServed() async throws {
    try await inTask {
      let (near, far) = socketPair()
      let readers = HandleStack<Int>(capacity: 2)
      for _ in 1...2 {
        readers.push(
          spawnBoxed {
            var buffer = IOBuffer(count: 1)
            var bytes = buffer.mutableBytes
            return try await File(borrowing: near).read(into: &bytes)
          })
      }
      let size = 4 << 20
      let writer = spawnBoxed {
        let buffer = IOBuffer(count: size)
        try await writeAll(buffer.bytes, to: near)
      }
      for _ in 1...5 { await yield() }
      expect(!writer.isFinished, "the socket takes more than was thought")
      // Room for the writer, while the two readers of the same socket wait on.
      var buffer = IOBuffer(count: 1 << 16)
      var taken = 0
      while taken < size {
        var bytes = buffer.mutableBytes
        taken += try await File(borrowing: far).read(into: &bytes)
      }
      try await writer.value()
      let two = IOBuffer(count: 2)
      try await writeAll(two.bytes, to: far)
      while let reader = readers.pop() { expectEqual(try await reader.value(), 1) }
      close(near)
      close(far)
    }
  }

  /// Wakes that another thread sent and nobody took in: the end of the runtime finds them first.
  @Test func wakesOfAnotherThread_whenTheRuntimeEnds_areTakenInBeforeItsTasksGo() async throws {
    let lives = Lives()
    for round in 1...50 {
      let statistics = try await inRuntime { runtime in
        let published = PublishedToken()
        try runtime.blockOn {
          spawnBoxed(Unique(lives)) { unique in
            defer { expectEqual(unique.number, 0) }
            let wait = Wait(for: "test")
            published.publish(wait.token)
            expect(await wait.suspend())
          }
          await yield()
        }
        Worker { expect(published.token.wake()) }.join()
        return runtime.statistics
      }
      #expect(lives.made == round && lives.alive == 0)
      #expect(statistics.final?.tasksGivenUp == 0 && statistics.final?.wakesNotDelivered == 0)
    }
  }
}

private nonisolated(nonsending) func writeAll(_ bytes: RawSpan, to descriptor: Int32) async throws {
  let file = File(borrowing: descriptor)
  var done = 0
  while done < bytes.byteCount { done += try await file.write(bytes.extracting(done..<bytes.byteCount)) }
}

/// Residents of the calling thread's runtime, parked ones included.
private func liveResidents() -> Int { unsafe LoopState.current(for: "test").pointee.slab.residents }

private func oneSlabPlace() -> Configuration {
  var configuration = Configuration.patient
  configuration.slab = .bounded(slots: 1)
  return configuration
}

private func socketPair() -> (Int32, Int32) {
  var ends: (Int32, Int32) = (-1, -1)
  let code = unsafe withUnsafeMutableBytes(of: &ends) {
    unsafe socketpair(
      AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, $0.baseAddress!.assumingMemoryBound(to: Int32.self))
  }
  precondition(code == 0, "no sockets")
  return ends
}
