// A runtime as other threads use it: spawning into it, waiting for what comes of that, and its end meanwhile.

import CNexus
import Foundation
@testable import NexusRT
import Testing

@Suite struct RuntimeHandleTests {
  @Test func task_spawnedByAThread_runsInTheRuntime() async throws {
    let results = try await inRuntime { runtime in
      let handle = runtime.handle
      let here = thisThread()
      let results = Kept<[Int]>()
      let worker = Worker {
        do {
          let first = try handle.spawn {
            await yield()
            expect(thisThread() == here)
            return 1
          }
          let second = try handle.spawn { () throws -> Int in throw TestError(number: 2) }
          var found = [try first.valueBlocking()]
          do { found.append(try second.valueBlocking()) } catch { found.append((error as! TestError).number) }
          results.value = found
        } catch { results.value = [] }
        handle.shutdown.request()
      }
      try runtime.blockOn { try await RuntimeHandle.current.shutdown.waitForRequest() }
      worker.join()
      return results.take()
    }
    #expect(results == [1, 2])
  }

  @Test func result_isAwaited_byTasksOfOtherRuntimes_andByOthers() async throws {
    let handles = Handover<RuntimeHandle>()
    let owner = Worker {
      do {
        let runtime = try Runtime(configuration: .patient)
        handles.give(runtime.handle)
        try runtime.blockOn { try await RuntimeHandle.current.shutdown.waitForRequest() }
      } catch { fatalError("\(error)") }
    }
    let target = handles.take()!
    try await inTask {
      var sum = 0
      for number in 0..<100 { sum += try await target.spawn { number }.value() }
      expectEqual(sum, 4_950)
      // A wait that is cancelled leaves the task alone.
      let mayEnd = Flag()
      let ran = Flag()
      let waiting = spawnBoxed {
        try await target.spawn {
          while !mayEnd.isSet { try await sleep(for: .milliseconds(1)) }
          ran.set()
        }.value()
      }
      await yield()
      waiting.cancel()
      do {
        try await waiting.value()
        expect(false, "it ended well")
      } catch { expect(error is CancellationError) }
      mayEnd.set()
      while !ran.isSet { try await sleep(for: .milliseconds(1)) }
    }
    let outside = try await target.spawn { 7 }.value()
    #expect(outside == 7)
    target.shutdown.request()
    owner.join()
    #expect(target.hasEnded)
    #expect(throws: RuntimeEndedError()) { try target.spawn { 1 } }
    target.wake()
  }

  @Test func cancel_fromAnotherThread_endsTheTasksWait() async throws {
    try await inRuntime { runtime in
      let handle = runtime.handle
      let worker = Worker {
        do {
          let task = try handle.spawn { try await sleep(for: .seconds(1_000)) }
          usleep(1_000)
          task.cancel()
          task.cancel()
          do {
            try task.valueBlocking()
            expect(false, "it ended well")
          } catch { expect(error is CancellationError) }
          // Before it starts, as often as not.
          let early = try handle.spawn { Task.isCancelled && isCancelled() }
          early.cancel()
          _ = try early.valueBlocking()
          let late = try handle.spawn { 3 }
          while !late.isFinished { usleep(100) }
          late.cancel()
          expectEqual(try late.valueBlocking(), 3)
          let slow = try handle.spawn { try await RuntimeHandle.current.shutdown.waitForRequest() }
          do {
            try slow.valueBlocking(until: .after(.milliseconds(2)))
            expect(false, "it ended well")
          } catch { expect(error is TimeoutError) }
        } catch { expect(false, "\(error)") }
        handle.shutdown.request()
      }
      try runtime.blockOn { try await RuntimeHandle.current.shutdown.waitForRequest() }
      worker.join()
    }
  }

  @Test func tasksSpawnedBetweenBlockOns_runInTheNext_orAreCancelledAtTheEnd() async throws {
    let ran = Count()
    let cancelled = Count()
    let lives = Lives()
    try await inRuntime { runtime in
      let handle = runtime.handle
      Worker { _ = try? handle.spawn { ran.add() } }.join()
      expectEqual(ran.value, 0)
      try runtime.blockOn { while ran.value == 0 { await yield() } }
      Worker {
        for _ in 0..<10 {
          let tracked = SendableTracked(lives)
          _ = try? handle.spawn {
            if Task.isCancelled { cancelled.add() }
            _ = tracked
          }
        }
      }.join()
    }
    #expect(ran.value == 1)
    #expect(cancelled.value == 10)
    #expect(lives.made == 10 && lives.alive == 0)
  }

  @Test func taskGivenUp_isToldSo() async throws {
    let outcome = try await onThread { () -> Kept<RemoteTask<Void>> in
      var configuration = Configuration()
      configuration.endTimeout = .milliseconds(10)
      let runtime = try Runtime(configuration: configuration)
      let handle = runtime.handle
      let kept = Kept<RemoteTask<Void>>()
      Worker { kept.value = try? handle.spawn { while true { await yield() } } }.join()
      try runtime.blockOn { for _ in 0..<3 { await yield() } }
      return kept
    }
    do {
      try await outcome.take().value()
      Issue.record("it ended well")
    } catch { #expect(error is RuntimeEndedError) }
  }

  /// Threads spawn, wait, cancel and drop while the runtime comes and goes: every spawn ends in a result or an error.
  @Test(arguments: 0..<3) func use_byManyThreads_whileTheRuntimeEnds_losesNothing(seed: UInt64) async throws {
    let lives = Lives()
    let accepted = Count()
    let settled = Count()
    let refused = Count()
    for round in 0..<15 {
      let handles = Guarded<RuntimeHandle?>(nil)
      let workers = (0..<3).map { worker in
        Worker {
          var random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(round * 3 + worker))
          var handle: RuntimeHandle?
          while handle == nil {
            handle = handles.withLock { $0 }
            usleep(10)
          }
          while true {
            let tracked = SendableTracked(lives)
            let nap = Duration.nanoseconds(Int64(random.next() % 20_000))
            do throws(RuntimeEndedError) {
              let task = try handle!.spawn { () throws -> Void in
                defer { _ = tracked }
                try await sleep(for: nap)
              }
              accepted.add()
              switch random.next() % 4 {
              case 0: task.cancel()
              case 1: handle!.wake()
              default: break
              }
              if random.next() % 4 == 0 {
                settled.add()
                continue  // Dropped: detached.
              }
              try? task.valueBlocking()
              settled.add()
            } catch {
              refused.add()
              return
            }
          }
        }
      }
      try await inRuntime { runtime in
        handles.withLock { $0 = runtime.handle }
        try runtime.blockOn { try await sleep(for: .milliseconds(5)) }
      }
      for worker in workers { worker.join() }
    }
    #expect(accepted.value == settled.value)
    #expect(refused.value == 45)
    #expect(lives.alive == 0)
  }

  @Test func spawnIntoTheOwnRuntime_works() async throws {
    try await inTask {
      let handle = RuntimeHandle.current
      expectEqual(try await handle.spawn { 5 }.value(), 5)
    }
  }
}

@Suite struct AdoptedActorTests {
  actor Book {
    private let runtime: RuntimeHandle
    private(set) var count = 0
    init(on runtime: RuntimeHandle) { self.runtime = runtime }
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe runtime.unownedExecutor }

    func add(_ more: Int) -> Int {
      count += more
      return count
    }

    func addLater(_ more: Int) async throws -> Int {
      let before = count
      try await sleep(for: .microseconds(50))
      count = before + more
      return count
    }

    func thread() -> Int32 { thisThread() }

    func addInTask(_ more: Int) async throws {
      // A task of the runtime that the actor spawns.
      let half = spawnBoxed { more / 2 }
      count += try await half.value()
    }
  }

  @Test func actor_runsOnTheRuntimesThread_andWaitsLikeATask() async throws {
    try await inTask {
      let book = Book(on: .current)
      expectEqual(await book.thread(), thisThread())
      expectEqual(await book.add(2), 2)
      expectEqual(try await book.addLater(3), 5)
      try await book.addInTask(8)
      expectEqual(await book.count, 9)
      // The compiler lets synchronous code in once it is shown that this is the actor's thread.
      addHere(book)
      expectEqual(await book.count, 10)
    }
  }

  @Test func callsFromTasks_changeNoThread_andEnqueueNothing() async throws {
    try await inTask {
      let book = Book(on: .current)
      _ = await book.add(0)
      let before = runtimeCounters()
      var last = 0
      for _ in 0..<1_000 { last = await book.add(1) }
      let after = runtimeCounters()
      expectEqual(last, 1_000)
      expectEqual(after.resumes - before.resumes, 0)
      expectEqual(after.foreignWakes, before.foreignWakes)
    }
  }

  @Test func callsFromOutside_comeByAWake() async throws {
    let books = Handover<Book>()
    let owner = Worker {
      do {
        let runtime = try Runtime(configuration: .patient)
        books.give(Book(on: runtime.handle))
        try runtime.blockOn { try await RuntimeHandle.current.shutdown.waitForRequest() }
        expectEqual(runtime.shutdown.isRequested, true)
      } catch { fatalError("\(error)") }
    }
    let there = books.take()!
    let caller = thisThreadNow()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 { group.addTask { for _ in 0..<100 { _ = await there.add(1) } } }
    }
    #expect(await there.count == 800)
    #expect(await there.thread() != caller)
    await there.end()
    owner.join()
  }

  @Test func call_onceTheRuntimeHasEnded_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let book = try await inRuntime { Book(on: $0.handle) }
      _ = await book.add(1)
    }
    expectSaid(result, "an actor or a task whose executor it is must not be used longer than the runtime")
  }
}

extension AdoptedActorTests.Book {
  func end() { RuntimeHandle.current.shutdown.request() }
}

private func addHere(_ book: AdoptedActorTests.Book) { book.assumeIsolated { book in _ = book.add(1) } }

private func thisThreadNow() -> Int32 { nexus_thread_id() }
