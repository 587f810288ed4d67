// Permits: first come, first served, and none gets lost, whoever gives up when.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

extension Semaphore {
  /// Acquires and gives back; the error, if there was one.
  nonisolated(nonsending) fileprivate func attempt(_ count: Int = 1, until deadline: Deadline? = nil) async
    -> AcquireError?
  {
    await failure { () async throws(AcquireError) in _ = try await self.acquire(count, until: deadline) }
  }
}

@Suite struct SemaphoreTests {
  @Test func permits_whenDroppedOrReleased_comeBack() throws {
    let semaphore = Semaphore(permits: 3)
    do {
      let permit = try semaphore.tryAcquire(2)!
      expect(permit.count == 2)
      #expect(semaphore.available == 1)
      expect(try semaphore.tryAcquire(2) == nil)
    }
    #expect(semaphore.available == 3)
    let permit = try semaphore.tryAcquire()!
    permit.release()
    #expect(semaphore.available == 3)
  }

  @Test func permits_forgottenSplitOrAdded_changeTheNumber() throws {
    let semaphore = Semaphore(permits: 4)
    try semaphore.tryAcquire()!.forget()
    #expect(semaphore.available == 3)
    var permit = try semaphore.tryAcquire(3)!
    do {
      let part = permit.split(2)!
      expect(part.count == 2 && permit.count == 1)
      expect(permit.split(2) == nil)
      expect(permit.split(0) == nil)
    }
    #expect(semaphore.available == 2)
    permit.release()
    semaphore.add(permits: 5)
    #expect(semaphore.available == 8)
  }

  @Test func acquire_whenNoneIsFree_waitsForTheDrop() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 1)
      let permit = try await semaphore.acquire()
      let waiting = spawnBoxed { try await semaphore.acquire().count }
      await settle()
      expect(!waiting.isFinished)
      permit.release()
      let count = try await waiting.value()
      #expect(count == 1)
      #expect(semaphore.available == 1)
    }
  }

  @Test func acquire_ofMany_isNotOvertakenByFew() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 4)
      var held = try await semaphore.acquire(4)
      let order = Guarded([Int]())
      var handles = HandleList<Void>()
      for count in [3, 1, 2] {
        handles.append(
          spawnBoxed(count) { count in
            let permit = try await semaphore.acquire(count)
            order.withLock { $0.append(count) }
            await settle()
            permit.release()
          })
      }
      await settle()
      held.split(2)!.release()
      await settle()
      // Two are free, and one and two would fit: but three came first. So neither can be had at once.
      #expect(order.withLock { $0 }.isEmpty)
      expect(try semaphore.tryAcquire() == nil)
      held.split(1)!.release()
      await settle()
      #expect(order.withLock { $0 }.first == 3)
      held.release()
      _ = try await handles.values()
      #expect(order.withLock { $0 } == [3, 1, 2])
      #expect(semaphore.available == 4)
    }
  }

  // Number 8: who came first and left must not hold up those behind it who fit.
  @Test func acquire_ofManyThatIsCancelled_letsThoseBehindGoOn() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 2)
      let held = try await semaphore.acquire()
      let large = spawnBoxed { await semaphore.attempt(2) }
      let small = spawnBoxed { await semaphore.attempt(1) }
      await settle()
      expect(!small.isFinished)
      large.cancel()
      let (one, two) = (try await large.value(), try await small.value())
      #expect(one == .cancelled)
      #expect(two == nil)
      held.release()
      #expect(semaphore.available == 2)
    }
  }

  // Number 8: the same for one whose deadline comes.
  @Test func acquire_ofManyThatTimesOut_letsThoseBehindGoOn() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 2)
      let held = try await semaphore.acquire()
      let large = spawnBoxed { await semaphore.attempt(2, until: .after(.milliseconds(2))) }
      let small = spawnBoxed { await semaphore.attempt(1) }
      let (one, two) = (try await large.value(), try await small.value())
      #expect(one == .timedOut)
      #expect(two == nil)
      held.release()
    }
  }

  // Number 1: a permit that is given back after the first was cancelled is the second's.
  @Test func release_afterTheFirstWasCancelled_wakesTheNext() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 1)
      let held = try await semaphore.acquire()
      let first = spawnBoxed { await semaphore.attempt() }
      let second = spawnBoxed { await semaphore.attempt() }
      await settle()
      first.cancel()
      held.release()
      let (one, two) = (try await first.value(), try await second.value())
      #expect(one == .cancelled)
      #expect(two == nil)
      #expect(semaphore.available == 1 && semaphore.waiting == 0)
    }
  }

  // Number 1: who was given a permit before it was cancelled has it, and gives it to the next.
  @Test func release_beforeTheCancellation_counts() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 1)
      let held = try await semaphore.acquire()
      let first = spawnBoxed { await semaphore.attempt() }
      let second = spawnBoxed { await semaphore.attempt() }
      await settle()
      held.release()
      first.cancel()
      let (one, two) = (try await first.value(), try await second.value())
      #expect(one == nil)
      #expect(two == nil)
      #expect(semaphore.available == 1)
    }
  }

  // Number 7: permits that come at once wake as many as fit.
  @Test func add_ofMany_wakesAllWhoFit() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 0)
      let inside = Atomic<Int>(0)
      var handles = HandleList<Void>()
      for _ in 0..<5 {
        handles.append(
          spawnBoxed {
            let permit = try await semaphore.acquire(2)
            inside.add(1, ordering: .relaxed)
            permit.forget()
          })
      }
      await settle()
      semaphore.add(permits: 7)
      await settle()
      #expect(inside.load(ordering: .relaxed) == 3)
      #expect(semaphore.available == 1)
      semaphore.add(permits: 3)
      _ = try await handles.values()
      #expect(semaphore.available == 0)
    }
  }

  @Test func acquire_inACancelledTask_takesWhatIsFree_andElseIsCancelled() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 1)
      let task = spawnBoxed { () -> AcquireError? in
        await settle()
        let permit = try await semaphore.acquire()
        let error = await semaphore.attempt()
        permit.release()
        return error
      }
      task.cancel()
      let error = try await task.value()
      #expect(error == .cancelled)
      #expect(semaphore.available == 1 && semaphore.waiting == 0)
    }
  }

  @Test func close_wakesAllWaiters_andPermitsStayGood() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 1)
      let held = try await semaphore.acquire()
      var handles = HandleList<AcquireError?>()
      for _ in 0..<40 { handles.append(spawnBoxed { await semaphore.attempt() }) }
      await settle()
      semaphore.close()
      semaphore.close()
      let errors = try await handles.values()
      #expect(errors.allSatisfy { $0 == .closed })
      #expect(semaphore.isClosed)
      held.release()
      #expect(semaphore.available == 1)
      #expect(throws: AcquireError.closed) { _ = try semaphore.tryAcquire() != nil }
      #expect(await semaphore.attempt() == .closed)
      #expect(semaphore.waiting == 0)
    }
  }

  @Test func acquire_wokenForNoReason_keepsItsPlace() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 0)
      let order = Guarded([Int]())
      var handles = HandleList<Void>()
      for number in 0..<3 {
        handles.append(
          spawnBoxed(number) { number in
            if number == 0 { leaveAWakeBehind() }
            try await semaphore.acquire().forget()
            order.withLock { $0.append(number) }
          })
      }
      await settle()
      semaphore.add(permits: 3)
      _ = try await handles.values()
      #expect(order.withLock { $0 } == [0, 1, 2])
    }
  }

  @Test func acquire_wokenForNoReason_inACancelledTask_isCancelled() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 0)
      let task = spawnBoxed {
        await settle()
        leaveAWakeBehind()
        return await semaphore.attempt()
      }
      task.cancel()
      let error = try await task.value()
      #expect(error == .cancelled)
      #expect(semaphore.waiting == 0)
    }
  }

  @Test func acquireBlocking_onAThread_waitsForATask_andTimesOut() throws {
    let semaphore = Semaphore(permits: 1)
    let thread = runtimeThread {
      let permit = try await semaphore.acquire()
      eventually { semaphore.waiting == 1 }
      permit.release()
    }
    eventually { semaphore.available == 0 || semaphore.waiting > 0 }
    let count = try onThread { try semaphore.acquireBlocking().count }
    #expect(count == 1)
    try thread.join()
    let held = try semaphore.tryAcquire()!
    let error = try onThread {
      failureBlocking { () throws(AcquireError) in
        _ = try semaphore.acquireBlocking(until: .after(.milliseconds(1)))
      }
    }
    #expect(error == .timedOut)
    #expect(semaphore.waiting == 0)
    held.release()
    #expect(semaphore.available == 1)
  }

  // Number 31: a crowd's memory is given back.
  @Test func memory_afterACrowd_isGivenBack() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 0)
      var handles = HandleList<AcquireError?>()
      for _ in 0..<2_000 { handles.append(spawnBoxed { await semaphore.attempt() }) }
      await settle()
      semaphore.add(permits: 2_000)
      let errors = try await handles.values()
      #expect(errors.allSatisfy { $0 == nil })
      semaphore.crowd.withLock { crowd in
        #expect(crowd.queue.nodes.capacity <= GateQueue.keptPlaces)
        #expect(crowd.spare.capacity <= Wakes.keptTokens)
      }
    }
  }

  @Test func permits_ofTasksAndThreadsThatGiveUpAtRandom_areNeverMoreNorFewer() throws {
    let seed = freshSeed()
    let permits = 5
    let semaphore = Semaphore(permits: permits)
    let out = Atomic<Int>(0)
    let rounds = scaled(500)
    @Sendable func use(_ count: Int) {
      let now = out.add(count, ordering: .relaxed).newValue
      if now > permits { fatalError("\(now) permits are out, seed \(seed)") }
      out.subtract(count, ordering: .relaxed)
    }
    let threads = (0..<2).map { index in
      Worker {
        var generator = SeededGenerator(seed: seed &+ UInt64(index))
        for _ in 0..<rounds {
          let count = 1 + generator.below(permits)
          let limit: Deadline? = generator.below(3) == 0 ? .after(.microseconds(generator.below(100))) : nil
          guard let permit = try? semaphore.acquireBlocking(count, until: limit) else { continue }
          use(count)
          permit.release()
        }
      }
    }
    let runtimes = (0..<2).map { index in
      runtimeThread {
        var generator = SeededGenerator(seed: seed &+ 10 &+ UInt64(index))
        for _ in 0..<rounds / 10 {
          var handles = HandleList<Void>()
          for _ in 0..<10 {
            let count = 1 + generator.below(permits)
            let limit: Deadline? = generator.below(3) == 0 ? .after(.microseconds(generator.below(100))) : nil
            let isDisturbed = generator.below(4) == 0
            handles.append(
              spawnBoxed {
                if isDisturbed { leaveAWakeBehind() }
                guard let permit = try? await semaphore.acquire(count, until: limit) else { return }
                use(count)
                if count % 2 == 0 { await yield() }
                permit.release()
              })
          }
          for _ in 0..<generator.below(20) { await yield() }
          for index in 0..<10 where generator.below(3) == 0 { handles.cancel(index) }
          _ = try await handles.values()
        }
      }
    }
    for thread in threads { try thread.join() }
    for runtime in runtimes { try runtime.join() }
    #expect(semaphore.available == permits, "seed \(seed)")
    #expect(semaphore.waiting == 0, "seed \(seed)")
  }

  @Test func serve_handsOutInOrder_andStopsAtTheFirstWhoDoesNotFit() {
    var crowd = Crowd()
    for (number, want) in [2, 1, 1, 4, 1].enumerated() {
      _ = crowd.queue.append(fakeToken(number + 1), want, isFuture: false)
    }
    var wakes = Wakes()
    // The second one's wait is over.
    let left = Semaphore.serve(&crowd, 4, &wakes) { $0 != fakeToken(2) }
    #expect(left == 1)
    #expect(wakes.count == 2 && wakes.first == fakeToken(1) && wakes.rest == [fakeToken(3)])
    #expect(crowd.queue.count == 2)
    #expect(Semaphore.serve(&crowd, 5, &wakes) { _ in true } == 0)
    #expect(crowd.queue.isEmpty)
  }

  @Test func acquire_ofNone_orLessThanNone_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Semaphore(permits: 1).tryAcquire(0) != nil
    }
    #expect(
      result.map { String(decoding: $0.standardErrorContent, as: UTF8.self).contains("permits") } == true)
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func permits_inSteadyState_allocateNothing() throws {
    try onRuntime {
      let semaphore = Semaphore(permits: 2)
      var handles = HandleList<UInt64>()
      for _ in 0..<6 {
        handles.append(
          spawnBoxed {
            var before: UInt64 = 0
            for round in 0..<2_000 {
              if round == 500 { before = allocation_count() }
              let permit = try await semaphore.acquire()
              await yield()
              permit.release()
            }
            return allocation_count() - before
          })
      }
      let allocations = try await handles.values()
      #expect(allocations.min() == 0)
    }
  }
}
