// Cancellation tokens: the tree, those who wait, guards, and scopes that a token ends.

import CAllocationCounter
import CNexus
import Glibc
@testable import NexusRT
import Synchronization
import Testing

@Suite struct CancellationTokenTests {
  @Test func cancel_reachesAllBelow_andNothingAbove() {
    let root = CancellationToken()
    let left = root.child()
    let right = root.child()
    let leaf = left.child()
    left.cancel()
    #expect(left.isCancelled && leaf.isCancelled)
    #expect(!root.isCancelled && !right.isCancelled)
    #expect(left.child().isCancelled)
    root.cancel()
    root.cancel()
    #expect(root.isCancelled && right.isCancelled)
  }

  @Test func tokenInBetween_thatWasDropped_passesCancellationOn() {
    let root = CancellationToken()
    let leaf = root.child().child().child()
    #expect(!leaf.isCancelled)
    root.cancel()
    #expect(leaf.isCancelled)
  }

  @Test func children_thatGo_areForgotten() {
    let root = CancellationToken()
    var kept: [CancellationToken] = []
    for number in 0..<1_000 {
      let child = root.child()
      if number % 10 == 0 { kept.append(child) }
    }
    #expect(root.childCount == 100)
    // From the middle, the front and the back.
    kept.removeSubrange(40..<60)
    kept.removeFirst(10)
    kept.removeLast(10)
    #expect(root.childCount == 60)
    root.cancel()
    #expect(kept.allSatisfy { $0.isCancelled })
    kept = []
    #expect(root.childCount == 0)
  }

  @Test func longLivedParent_ofManyShortChildren_doesNotGrow() async {
    // In a process of its own: what other tests allocate meanwhile does not count.
    await #expect(processExitsWith: .success) {
      let root = CancellationToken()
      for _ in 0..<1_000 { _ = root.child() }
      let before = residentMemory()
      for _ in 0..<1_000_000 { _ = root.child() }
      let grown = residentMemory() - before
      // A million children that stayed would be some 200 MB. A sanitizer keeps for a while what was freed.
      guard root.childCount == 0, isSanitized || grown < 2_000_000 else { fatalError("\(grown) bytes more") }
    }
  }

  @Test func longChain_endsWithoutRecursion() async throws {
    // On a thread with a small stack.
    try await onThread {
      var token = CancellationToken()
      let root = token
      for _ in 0..<300_000 { token = token.child() }
      expect(!token.isCancelled)
      root.cancel()
      expect(token.isCancelled)
    }
  }

  @Test func waiters_ofAnyNumber_areWoken_inOrder() async throws {
    try await inTask {
      let token = CancellationToken()
      let order = Shared<[Int]>([])
      for number in 0..<100 {
        spawnBoxed {
          try await token.cancelled()
          order.value.append(number)
        }
      }
      await yield()
      expect(order.value.isEmpty)
      token.cancel()
      while order.value.count < 100 { await yield() }
      expectEqual(order.value, Array(0..<100))
      // Cancelled already: no wait.
      try await token.cancelled()
    }
  }

  @Test func wait_thatEndsEarly_leavesNothing() async throws {
    try await inTask {
      let token = CancellationToken()
      expectEqual(try await token.cancelled(until: .after(.milliseconds(1))), false)
      let waiting = spawnBoxed { try await token.cancelled() }
      await yield()
      expect(unsafe !token.node.pointee.waiters.isEmpty)
      waiting.cancel()
      do {
        try await waiting.value()
        expect(false, "the wait ended well")
      } catch { expect(error is CancellationError) }
      do {
        try await withTimeout(.milliseconds(1)) { try await token.cancelled() }
        expect(false, "the wait ended well")
      } catch { expect(error is TimeoutError) }
      expect(unsafe token.node.pointee.waiters.isEmpty)
      expectEqual(liveTimers(), 0)
    }
  }

  @Test(.enabled(if: allocation_count_is_available() && isOptimised))
  func waits_allocateNothing() async throws {
    try await inTask {
      let token = CancellationToken()
      for _ in 0..<10 { _ = try await token.cancelled(until: .after(.nanoseconds(1))) }
      let before = allocation_count()
      for _ in 0..<1_000 { _ = try await token.cancelled(until: .after(.nanoseconds(1))) }
      expectEqual(allocation_count() - before, 0)
    }
  }

  @Test func threads_waitToo_untilADeadlineAtMost() async throws {
    let token = CancellationToken()
    let woken = Count()
    try await onThread {
      expect(!token.waitBlocking(until: .after(.milliseconds(5))))
      expect(unsafe token.node.pointee.waiters.isEmpty)
      let workers = (0..<4).map { _ in Worker { if token.waitBlocking() { woken.add() } } }
      token.cancel()
      for worker in workers { worker.join() }
    }
    #expect(woken.value == 4)
  }

  @Test func guardThatGoes_cancels_unlessDisarmed() {
    let token = CancellationToken()
    do {
      let kept = token.guarded()
      kept.disarm()
    }
    #expect(!token.isCancelled)
    do { _ = token.guarded() }
    #expect(token.isCancelled)
  }

  @Test func cancel_fromAnotherThread_wakesAParkedTask() async throws {
    let token = CancellationToken()
    let isParked = Flag()
    let canceller = Worker {
      while !isParked.isSet { usleep(100) }
      // The loop is in the kernel, or about to go there.
      usleep(2_000)
      token.cancel()
    }
    try await inTask {
      isParked.set()
      try await token.cancelled()
      expect(runtimeCounters().parks > 0)
    }
    canceller.join()
  }

  @Test(arguments: 0..<4) func randomUse_fromManyThreads_losesNothing(seed: UInt64) async throws {
    let lives = Lives()
    for round in 0..<5 {
      let root = CancellationToken()
      let told = Count()
      let workers = (0..<3).map { worker in
        Worker {
          var random = SeededGenerator(seed: seed &* 1_000 &+ UInt64(round * 10 + worker))
          var kept: [CancellationToken] = [root]
          for _ in 0..<300 {
            let token = kept.randomElement(using: &random)!
            switch random.next() % 8 {
            case 0...3: kept.append(token.child())
            case 4: if kept.count > 1 { kept.remove(at: Int.random(in: 1..<kept.count, using: &random)) }
            case 5: if token !== root { token.cancel() }
            default: _ = token.waitBlocking(until: .after(.nanoseconds(1)))
            }
          }
          // Whoever is below the root is told, whoever else was cancelled and went.
          for token in kept where token.waitBlocking() { told.add() }
          told.done()
        }
      }
      try await inTask {
        let unique = Tracked(lives)
        for _ in 0..<50 {
          spawnBoxed {
            _ = try await root.child().cancelled()
            _ = unique
          }
        }
        try await sleep(for: .milliseconds(2))
        root.cancel()
        while runtimeTaskCount() > 1 { await yield() }
      }
      for worker in workers { worker.join() }
      #expect(told.finished == 3)
      #expect(root.childCount == 0)
    }
    #expect(lives.alive == 0)
  }
}

@Suite struct WithCancellationTests {
  @Test func cancelledToken_endsTheBodysWait_andNothingElse() async throws {
    try await inTask {
      let token = CancellationToken()
      spawnBoxed {
        await yield()
        token.cancel()
      }
      do {
        try await withCancellation(by: token) { () throws(CancellationError) in
          try await sleep(for: .seconds(1_000))
        }
        expect(false, "the sleep ended well")
      } catch {}
      try await sleep(for: .nanoseconds(1))
      expect(!Task.isCancelled && !isCancelled())
      expectEqual(liveTimers(), 0)
    }
  }

  @Test func token_cancelledBefore_letsTheBodyStartCancelled() async throws {
    try await inTask {
      let token = CancellationToken()
      token.cancel()
      let number = await withCancellation(by: token) {
        expect(isCancelled())
        return 7
      }
      expectEqual(number, 7)
      expect(!isCancelled())
    }
  }

  @Test func scopesOfTokens_nest() async throws {
    try await inTask {
      let outer = CancellationToken()
      let inner = outer.child()
      await withCancellation(by: outer) {
        await withCancellation(by: inner) {
          inner.cancel()
          expect(isCancelled())
        }
        expect(!isCancelled())
        outer.cancel()
        expect(isCancelled())
      }
      expectEqual(outer.childCount, 1)
    }
  }

  @Test func childTasks_mayBeInAScope_ofATokenCancelledElsewhere() async throws {
    try await inTask {
      let token = CancellationToken()
      async let child: Bool = withCancellation(by: token) {
        do {
          try await sleep(for: .seconds(1_000))
          return false
        } catch { return true }
      }
      await yield()
      let canceller = Worker { token.cancel() }
      expect(await child)
      canceller.join()
    }
  }

  @Test(.enabled(if: allocation_count_is_available() && isOptimised)) func scope_allocatesNothing()
    async throws
  {
    try await inTask {
      let token = CancellationToken()
      var sum = 0
      for _ in 0..<10 { sum += await withCancellation(by: token) { 1 } }
      let before = allocation_count()
      for _ in 0..<1_000 { sum += await withCancellation(by: token) { 1 } }
      expectEqual(allocation_count() - before, 0)
      expectEqual(sum, 1_010)
    }
  }

  /// Another thread cancels just when the body ends: the scope's memory must not be given back before the link has arrived.
  @Test(arguments: 0..<4) func cancel_whileTheBodyEnds_isHarmless(seed: UInt64) async throws {
    let next = Handover<CancellationToken>()
    let canceller = Worker {
      var random = SeededGenerator(seed: seed)
      while let token = next.take() {
        for _ in 0..<(random.next() % 200) { nexus_spin_hint() }
        token.cancel()
      }
    }
    let ended = try await inTask {
      var ended = 0
      for round in 0..<2_000 {
        let token = CancellationToken()
        next.give(token)
        await withCancellation(by: token) {
          if round % 2 == 0 {
            try? await sleep(for: .microseconds(2))
          } else {
            await yield()
          }
        }
        // The next scope of the task has nothing to do with it.
        await withCancelScope { _ in if !isCancelled() { ended += 1 } }
      }
      return ended
    }
    next.close()
    canceller.join()
    #expect(ended == 2_000)
  }
}
