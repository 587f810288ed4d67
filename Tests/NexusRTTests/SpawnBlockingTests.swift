// Work that blocks: the pool's threads, its queue, cancellation, and its end.

import CAllocationCounter
import CNexus
import Foundation
@testable import NexusRT
import Testing

extension Configuration {
  static func blocking(threads: Int, queue: Int, idle: Duration = .seconds(10)) -> Configuration {
    var configuration = Configuration.patient
    configuration.blocking.threads = threads
    configuration.blocking.queueLength = queue
    configuration.blocking.idleTime = idle
    return configuration
  }
}

/// Keeps threads waiting until it is opened.
private final class Door: Sendable {
  private let isOpen = Flag()
  let entered = Count()
  func open() { isOpen.set() }
  func pass() {
    entered.add()
    while !isOpen.isSet { usleep(200) }
  }
}

@Suite struct SpawnBlockingTests {
  @Test func body_runsOnAnotherThread_andItsResultComesBack() async throws {
    try await inTask {
      let here = thisThread()
      let there = try await spawnBlocking { thisThread() }.value()
      expect(there != here)
      expectEqual(thisThread(), here)
      do {
        try await spawnBlocking { throw TestError(number: 5) }.value()
        expect(false, "it ended well")
      } catch { expectEqual(error as? TestError, TestError(number: 5)) }
      var sum = 0
      for number in 0..<200 { sum += try await spawnBlocking { number }.value() }
      expectEqual(sum, 19_900)
    }
  }

  @Test func threads_areStartedAsNeeded_asManyAsAllowed() async throws {
    try await inTask(.blocking(threads: 3, queue: 100)) {
      let door = Door()
      for _ in 0..<10 { _ = try await spawnBlocking { door.pass() } }
      while door.entered.value < 3 { try await sleep(for: .milliseconds(1)) }
      try await sleep(for: .milliseconds(20))
      expectEqual(door.entered.value, 3)
      door.open()
      while door.entered.value < 10 { try await sleep(for: .milliseconds(1)) }
    }
  }

  @Test func threads_thatIdle_end_andOthersCome() async throws {
    try await inTask(.blocking(threads: 2, queue: 10, idle: .milliseconds(5))) {
      let pool = unsafe LoopState.current(for: "test").pointee.loop.services.blocking
      for _ in 0..<3 {
        _ = try await spawnBlocking {}.value()
        while pool.threadCount > 0 { try await sleep(for: .milliseconds(2)) }
      }
    }
  }

  @Test func fullQueue_isTold_orWaitedFor_inOrder() async throws {
    try await inTask(.blocking(threads: 1, queue: 2)) {
      let door = Door()
      let order = Guarded<[Int]>([])
      _ = try await spawnBlocking { door.pass() }
      while door.entered.value == 0 { try await sleep(for: .microseconds(100)) }
      _ = try trySpawnBlocking { order.withLock { $0.append(0) } }
      _ = try trySpawnBlocking { order.withLock { $0.append(1) } }
      do {
        _ = try trySpawnBlocking { order.withLock { $0.append(100) } }
        expect(false, "there was room")
      } catch { expect(error is BlockingQueueFull) }
      let placed = Shared(0)
      for number in 2..<8 {
        spawnBoxed {
          _ = try await spawnBlocking { order.withLock { $0.append(number) } }
          placed.value += 1
        }
      }
      for _ in 0..<3 { await yield() }
      expectEqual(placed.value, 0)
      door.open()
      while order.withLock({ $0.count }) < 8 { try await sleep(for: .milliseconds(1)) }
      expectEqual(order.withLock { $0 }, Array(0..<8))
    }
  }

  @Test func cancelled_inTheQueue_neverRuns_andGivesItsPlaceOn() async throws {
    let lives = Lives()
    try await inTask(.blocking(threads: 1, queue: 1)) {
      let door = Door()
      let ran = Count()
      _ = try await spawnBlocking { door.pass() }
      while door.entered.value == 0 { try await sleep(for: .microseconds(100)) }
      let tracked = SendableTracked(lives)
      // In the queue, awaited by a task that is cancelled.
      let queued = spawnBoxed {
        try await spawnBlocking {
          _ = tracked
          ran.add()
        }.value()
      }
      await yield()
      // Waits for a place.
      let outside = spawnBoxed { try await spawnBlocking { ran.add() }.value() }
      let after = spawnBoxed { try await spawnBlocking { 8 }.value() }
      await yield()
      outside.cancel()
      queued.cancel()
      for handle in [Kept(queued), Kept(outside)] {
        do {
          try await handle.take().value()
          expect(false, "it ended well")
        } catch { expect(error is CancellationError) }
      }
      // By its handle.
      do {
        try await withTimeout(.milliseconds(1)) {
          _ = try await spawnBlocking { ran.add() }
        }
        expect(false, "there was room")
      } catch { expect(error is TimeoutError) }
      door.open()
      expectEqual(try await after.value(), 8)
      expectEqual(ran.value, 0)
    }
    #expect(lives.alive == 0)
  }

  @Test func cancelled_whileItRuns_runsOn_andLosesItsResult() async throws {
    let lives = Lives()
    try await inTask(.blocking(threads: 1, queue: 4)) {
      let door = Door()
      let finished = Flag()
      let task = spawnBoxed {
        try await spawnBlocking {
          door.pass()
          finished.set()
          return SendableTracked(lives)
        }.value()
      }
      await yield()
      while door.entered.value == 0 { try await sleep(for: .microseconds(100)) }
      task.cancel()
      do {
        _ = try await task.value()
        expect(false, "it ended well")
      } catch { expect(error is CancellationError) }
      expect(!finished.isSet)
      let queued = try await spawnBlocking { 1 }
      expect(queued.cancel())
      expect(!queued.cancel())
      expect(queued.isFinished)
      do {
        _ = try await queued.value()
        expect(false, "it ended well")
      } catch { expect(error is CancellationError) }
      door.open()
      while !finished.isSet { try await sleep(for: .milliseconds(1)) }
      // Behind it on the one thread.
      expectEqual(try await spawnBlocking { 2 }.value(), 2)
    }
    #expect(lives.made == 1 && lives.alive == 0)
  }

  @Test func endOfTheRuntime_waitsForWhatRuns_andDropsWhatDoesNot() async throws {
    let door = Door()
    let ran = Count()
    let lives = Lives()
    let handles = Handover<RuntimeHandle>()
    let opener = Worker {
      let handle = handles.take()!
      while !handle.loop.services.blocking.isClosed { usleep(100) }
      door.open()
    }
    let statistics = try await inRuntime(.blocking(threads: 1, queue: 10)) { runtime in
      handles.give(runtime.handle)
      try runtime.blockOn {
        _ = try await spawnBlocking {
          door.pass()
          ran.add()
        }
        for _ in 0..<5 {
          let tracked = SendableTracked(lives)
          _ = try await spawnBlocking {
            _ = tracked
            ran.add()
          }
        }
        while door.entered.value == 0 { try await sleep(for: .microseconds(100)) }
      }
      return runtime.statistics
    }
    opener.join()
    #expect(ran.value == 1)
    #expect(lives.made == 5 && lives.alive == 0)
    #expect(statistics.final?.blockingThreadsLeft == 0)
  }

  @Test func bodyThatDoesNotEnd_isLeft_whenTheTimeIsUp() async throws {
    let door = Door()
    let statistics = try await inRuntime(
      {
        var configuration = Configuration.blocking(threads: 1, queue: 1)
        configuration.endTimeout = .milliseconds(20)
        return configuration
      }()
    ) { runtime in
      try runtime.blockOn {
        _ = try await spawnBlocking { door.pass() }
        while door.entered.value == 0 { try await sleep(for: .microseconds(100)) }
      }
      return runtime.statistics
    }
    #expect(statistics.final?.blockingThreadsLeft == 1)
    door.open()
  }

  @Test func manyRounds_leaveNoThreadNoDescriptorAndNoMemoryBehind() async {
    await #expect(processExitsWith: .success) {
      let (threads, descriptors, bytes) = try await onThread { () -> (Int, Int, Int) in
        func round() throws {
          let runtime = try Runtime(configuration: .blocking(threads: 2, queue: 4))
          let handle = runtime.handle
          let worker = startThread(handle) { handle in (try? handle.spawn { 1 }.valueBlocking()) ?? 1 }
          try runtime.blockOn {
            for _ in 0..<6 { _ = try await spawnBlocking {} }
            _ = try await withCompletion(of: Int.self) { completer in
              startThread(completer) { $0.complete(1) }
            }
            try await withForeign {}
          }
          _ = consume runtime
          _ = worker.join()
        }
        for _ in 0..<100 { try round() }
        let before = (liveThreads(), openDescriptors(), residentMemory())
        for _ in 0..<400 { try round() }
        return (
          liveThreads() - before.0, openDescriptors() - before.1, residentMemory() - before.2
        )
      }
      // The global pool's own come and go; a ring, a slab or a pool that is left is 5 kB and more a round.
      guard threads < 8, descriptors < 10, bytes < 2_000_000 || !allocation_count_is_available() else {
        fatalError("\(threads) threads, \(descriptors) descriptors, \(bytes) bytes more")
      }
    }
  }

  @Test(arguments: 0..<3) func submittingAndCancelling_atRandom_losesNothing(seed: UInt64) async throws {
    let lives = Lives()
    let ran = Count()
    let cancelled = Count()
    try await inTask(.blocking(threads: 2, queue: 3, idle: .microseconds(200))) {
      var random = SeededGenerator(seed: seed)
      for _ in 0..<100 {
        var handles: [Kept<JoinHandle<Void>>] = []
        for _ in 0..<(random.next() % 10) {
          let tracked = SendableTracked(lives)
          let spins = random.next() % 2_000
          handles.append(
            Kept(
              spawnBoxed {
                do {
                  try await spawnBlocking {
                    _ = tracked
                    for _ in 0..<spins { nexus_spin_hint() }
                    ran.add()
                  }.value()
                } catch { cancelled.add() }
              }))
        }
        for _ in 0..<(random.next() % 4) { await yield() }
        if random.next() % 2 == 0 { try await sleep(for: .microseconds(Int(random.next() % 300))) }
        for handle in handles where random.next() % 3 == 0 { handle.value!.cancel() }
        for handle in handles { try await handle.take().value() }
      }
    }
    #expect(lives.alive == 0)
    #expect(ran.value > 0 && cancelled.value > 0)
  }
}

@Suite struct PinningTests {
  @Test func runtime_isBoundToItsCore_andItsThreadIsFreedAtTheEnd() async throws {
    try await onThread {
      let before = availableCPUs()
      expect(!before.isEmpty)
      for cpu in before {
        var configuration = Configuration()
        configuration.cpu = cpu
        do {
          let runtime = try Runtime(configuration: configuration)
          expectEqual(availableCPUs(), [cpu])
          try runtime.blockOn { expectEqual(availableCPUs(), [cpu]) }
        }
        expectEqual(availableCPUs(), before)
      }
    }
  }

  @Test func coreThatDoesNotExist_isAnError_thatNamesIt() async throws {
    try await onThread {
      var configuration = Configuration()
      configuration.cpu = 4_000
      do {
        _ = try Runtime(configuration: configuration)
        expect(false, "it was bound to it")
      } catch {
        expectEqual(error as? RuntimeError, .cpuRefused(cpu: 4_000, errno: EINVAL))
        expect("\(error)".contains("cpu 4000"))
      }
      expectEqual(try Runtime().blockOn { 1 }, 1)
    }
  }

  @Test func startedThread_isBoundToItsCore() {
    let cpus = availableCPUs()
    for cpu in cpus {
      let found = startThread(cpu, cpu: cpu) { _ in availableCPUs() }.join()
      #expect(found == [cpu])
    }
  }

  @Test func startThread_onACoreThatDoesNotExist_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      startThread(1, cpu: 4_000) { _ in }
    }
    expectSaid(result, "on cpu 4000")
  }
}
