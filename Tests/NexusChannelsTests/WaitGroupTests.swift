// Nothing is under way any more: who waits for that goes on, and exactly then.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct WaitGroupTests {
  @Test func wait_atZero_returnsAtOnce() throws {
    try onRuntime {
      let group = WaitGroup()
      try await group.wait()
      group.add(2)
      group.done(2)
      try await group.wait()
      #expect(group.count == 0)
    }
  }

  // Number 14: the last member must be uncounted before the waiter looks.
  @Test func wait_forTasksWithMembers_returnsWhenTheLastIsDropped() throws {
    try onRuntime {
      let group = WaitGroup()
      let finished = Atomic<Int>(0)
      for number in 0..<10 {
        spawnBoxed(group.enter()) { member in
          for _ in 0..<number { await yield() }
          finished.add(1, ordering: .relaxed)
          member.done()
        }
      }
      #expect(group.count == 10)
      try await group.wait()
      #expect(finished.load(ordering: .relaxed) == 10)
    }
  }

  @Test func wait_wokenForNoReason_waitsOn() throws {
    try onRuntime {
      let group = WaitGroup()
      group.add()
      let waiting = spawnBoxed {
        leaveAWakeBehind()
        try await group.wait()
      }
      await settle()
      expect(!waiting.isFinished)
      group.done()
      try await waiting.value()
    }
  }

  @Test func wait_whenTheGroupIsUsedAgainAtOnce_hasSeenItsZero() throws {
    try onRuntime {
      let group = WaitGroup()
      group.add()
      let first = spawnBoxed { try await group.wait() }
      await settle()
      group.done()
      group.add()
      // Number 25: this one waits for the next zero.
      let second = spawnBoxed { try await group.wait() }
      try await first.value()
      await settle()
      expect(!second.isFinished)
      group.done()
      try await second.value()
    }
  }

  @Test func wait_thatIsCancelledOrTimesOut_leavesNothing() throws {
    try onRuntime {
      let group = WaitGroup()
      group.add()
      let cancelled = spawnBoxed { await failure { () async throws(WaitError) in try await group.wait() } }
      let late = spawnBoxed {
        await failure { () async throws(WaitError) in try await group.wait(until: .after(.milliseconds(1))) }
      }
      await settle()
      cancelled.cancel()
      let (one, two) = (try await cancelled.value(), try await late.value())
      #expect(one == .cancelled)
      #expect(two == .timedOut)
      #expect(group.waiting == 0)
      group.done()
      try await group.wait()
    }
  }

  @Test func wait_whenZeroCameBeforeTheCancellation_returns() throws {
    try onRuntime {
      let group = WaitGroup()
      group.add()
      let waiting = spawnBoxed { await failure { () async throws(WaitError) in try await group.wait() } }
      await settle()
      group.done()
      waiting.cancel()
      let error = try await waiting.value()
      #expect(error == nil)
    }
  }

  @Test func waitBlocking_forTasksOfARuntime_returnsAtZero_andTimesOutBefore() throws {
    let group = WaitGroup()
    group.add()
    let early = try onThread {
      failureBlocking { () throws(WaitError) in try group.waitBlocking(until: .after(.milliseconds(1))) }
    }
    #expect(early == .timedOut)
    let runtime = runtimeThread {
      eventually { group.waiting == 1 }
      group.done()
    }
    try onThread { try group.waitBlocking() }
    try runtime.join()
  }

  @Test func rounds_ofThreadsAndTasks_endTogether() throws {
    let seed = freshSeed()
    let group = WaitGroup()
    let work = Guarded([Handover<WaitGroup.Member>]())
    let done = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let threads = (0..<2).map { index in
      Worker {
        var generator = SeededGenerator(seed: seed &+ UInt64(index))
        while !isOver.load(ordering: .relaxed) {
          guard let member = work.withLock({ $0.popLast() }) else {
            pause(microseconds: 1)
            continue
          }
          pause(microseconds: generator.below(3))
          done.add(1, ordering: .relaxed)
          member.take().done()
        }
      }
    }
    try onRuntime {
      var generator = SeededGenerator(seed: seed &+ 9)
      for round in 1...scaled(300) {
        for _ in 0..<10 {
          let member = Handover(group.enter())
          work.withLock { $0.append(member) }
        }
        let second = spawnBoxed {
          leaveAWakeBehind()
          try await group.wait()
        }
        if generator.below(3) == 0 { second.cancel() }
        try await group.wait()
        // Relaxed in the threads: the wait has to order it.
        #expect(done.load(ordering: .relaxed) == 10 * round, "seed \(seed)")
        _ = try? await second.value()
      }
    }
    isOver.store(true, ordering: .relaxed)
    for thread in threads { try thread.join() }
    #expect(group.count == 0 && group.waiting == 0)
  }

  @Test func done_moreOftenThanAdded_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let group = WaitGroup()
      group.add()
      group.done()
      group.done()
    }
    #expect(
      result.map { String(decoding: $0.standardErrorContent, as: UTF8.self).contains("WaitGroup") } == true)
  }

  @Test func add_ofLessThanNothing_traps() async {
    await #expect(processExitsWith: .failure) { WaitGroup().add(-1) }
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func waits_inSteadyState_allocateNothing() throws {
    try onRuntime {
      let group = WaitGroup()
      group.add()
      let waiting = spawnBoxed {
        for _ in 0..<2_000 {
          try await group.wait()
          group.add()
          await yield()
        }
      }
      var before: UInt64 = 0
      for round in 0..<2_000 {
        while group.waiting == 0 { await yield() }
        if round == 500 { before = allocation_count() }
        group.done()
        if round == 1_900 { #expect(allocation_count() == before) }
      }
      try await waiting.value()
    }
  }
}
