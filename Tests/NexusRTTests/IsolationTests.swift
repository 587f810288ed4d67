// Whatever a body is isolated to, it runs on the runtime's thread, and comes back to it.

import NexusRT
import Testing

@Suite struct IsolationTests {
  @Test func closure_withACaptureList_runsOnOurThread() async throws {
    try await inTask {
      let home = thisThread()
      let number = 5
      for _ in 0..<100 {
        let handle = spawnBoxed { [number] in
          let before = thisThread()
          await yield()
          expectEqual(thisThread(), home)
          return before == home ? number : -1
        }
        expectEqual(try await handle.value(), 5)
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func body_thatIsAConcurrentFunction_runsOnOurThread_andComesBack() async throws {
    try await inTask {
      let home = thisThread()
      for _ in 0..<100 {
        expectEqual(try await spawnBoxed(concurrently).value(), home)
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func concurrentFunction_awaited_runsOnOurThread_andComesBack() async throws {
    try await inTask {
      let home = thisThread()
      for _ in 0..<100 {
        expectEqual(await concurrently(), home)
        await yield()
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func closure_thatIsIsolatedToAnActor_asBody_comesBackToOurThread() async throws {
    try await inTask {
      let home = thisThread()
      let counter = Counter()
      for round in 1...100 {
        let handle = spawnBoxed(await counter.incrementer())
        expectEqual(try await handle.value(), round)
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func actor_awaitedBetweenOurWaits_keepsItsState() async throws {
    try await inTask {
      let home = thisThread()
      let counter = Counter()
      for round in 1...100 {
        await yield()
        expectEqual(await counter.increment(), round)
        expectEqual(thisThread(), home)
        async let next: Void = yield()
        await next
      }
    }
  }

  @Test func actor_usedByOtherThreadsToo_keepsItsState_andWeComeBack() async throws {
    try await inTask {
      let home = thisThread()
      let counter = Counter()
      let others = Task.detached {
        for _ in 1...2_000 { _ = await counter.increment() }
      }
      for _ in 1...2_000 {
        _ = await counter.increment()
        expectEqual(thisThread(), home)
        await yield()
      }
      await others.value
      expectEqual(await counter.count, 4_000)
    }
  }

  @Test func actorMethod_thatWaitsForUs_doesNotOccupyTheActor() async throws {
    try await inTask {
      let home = thisThread()
      let gate = Gate()
      let waiter = spawnBoxed { await gate.waitUntilOpen() }
      while await !gate.isWaiting { await yield() }
      // Hangs if the waiter holds the actor.
      await gate.open()
      expect(try await waiter.value() > 0)
      expectEqual(thisThread(), home)
    }
  }

  @Test func actorMethod_thatSleeps_doesNotOccupyTheActor() async throws {
    try await inTask {
      let gate = Gate()
      let sleeper = spawnBoxed { try await gate.sleepLong() }
      while await !gate.isWaiting { await yield() }
      await gate.open()
      sleeper.cancel()
      do {
        try await sleeper.value()
        expect(false, "the sleep ended well")
      } catch { expect(error is CancellationError) }
    }
  }

  @Test func actorMethod_thatWaits_isStillIsolatedAfterwards() async throws {
    try await inTask {
      let counter = Counter()
      var handles: [Kept<JoinHandle<Void>>] = []
      for _ in 1...20 { handles.append(Kept(spawnBoxed { await counter.incrementWithWaits(100) })) }
      for handle in handles { try await handle.take().value() }
      expectEqual(await counter.count, 2_000)
    }
  }
}

@concurrent private func concurrently() async -> Int32 {
  await yield()
  return thisThread()
}

private actor Counter {
  private(set) var count = 0

  func increment() -> Int {
    count += 1
    return count
  }

  /// A closure that is isolated to this actor, whoever calls it.
  func incrementer() -> @Sendable () async -> Int { { await self.increment() } }

  func incrementWithWaits(_ times: Int) async {
    for _ in 1...times {
      preconditionIsolated()
      count += 1
      await yield()
    }
  }
}

private actor Gate {
  private(set) var isWaiting = false
  private var isOpen = false

  func open() { isOpen = true }

  func waitUntilOpen() async -> Int {
    var turns = 0
    isWaiting = true
    while !isOpen {
      await yield()
      turns += 1
    }
    return turns
  }

  func sleepLong() async throws {
    isWaiting = true
    try await sleep(for: .seconds(1_000))
  }
}
