// Values that code outside of a runtime hands to a task, once; and foreign code awaited.

import CAllocationCounter
import CNexus
import Dispatch
import Glibc
@testable import NexusRT
import Testing

@Suite struct CompletionTests {
  @Test func value_comesFromWhereverItIsCompleted() async throws {
    try await inTask {
      let fromQueue = try await withCompletion(of: Int.self) { completer in
        DispatchQueue.global().async { completer.complete(1) }
      }
      let fromTask = try await withCompletion(of: Int.self) { completer in
        Task.detached { completer.complete(2) }
      }
      let fromThread = try await withCompletion(of: Int.self) { completer in
        startThread(completer) { $0.complete(3) }
      }
      let atOnce = try await withCompletion(of: Int.self) { $0.complete(4) }
      let later = try await withCompletion(of: Int.self) { completer in
        spawnBoxed { completer.complete(5) }
      }
      expectEqual([fromQueue, fromTask, fromThread, atOnce, later], [1, 2, 3, 4, 5])
    }
  }

  @Test func onlyTheFirst_completes() async throws {
    try await inTask {
      let sides = Completion.make(of: Int.self)
      expect(!sides.completer.isCompleted)
      expect(sides.completer.complete(1))
      expect(!sides.completer.complete(2))
      expect(!sides.completer.fail(TestError()))
      expect(sides.completer.isCompleted)
      expectEqual(try await sides.completion.value(), 1)
    }
  }

  @Test func failure_isThrown_asIs() async throws {
    try await inTask {
      do throws(CompletionError) {
        _ = try await withCompletion(of: Int.self) { $0.complete(with: .failure(TestError(number: 3))) }
        expect(false, "it ended well")
      } catch {
        guard case .failed(let inner) = error else { return expect(false) }
        expectEqual(inner as? TestError, TestError(number: 3))
      }
    }
  }

  @Test func completerThatIsDropped_endsTheWait() async throws {
    try await inTask {
      do throws(CompletionError) {
        _ = try await withCompletion(of: Int.self) { completer in
          let copy = completer
          Worker { _ = copy }.join()
        }
        expect(false, "it ended well")
      } catch {
        guard case .dropped = error else { return expect(false, "\(error)") }
      }
      // While it waits.
      do throws(CompletionError) {
        try await withCompletion(of: Void.self) { completer in
          startThread(completer) { _ in usleep(2_000) }
        }
        expect(false, "it ended well")
      } catch {
        guard case .dropped = error else { return expect(false, "\(error)") }
      }
    }
  }

  @Test func wait_thatIsCancelled_orTooLong_ends_andTheCompleterIsTold() async throws {
    let lives = Lives()
    try await inTask {
      let kept = Shared<Completer<SendableTracked>?>(nil)
      do throws(CompletionError) {
        _ = try await withCompletion(of: SendableTracked.self, until: .after(.milliseconds(1))) {
          kept.value = $0
        }
        expect(false, "it ended well")
      } catch {
        guard case .timedOut = error else { return expect(false, "\(error)") }
      }
      expect(kept.value!.isCompleted)
      expect(!kept.value!.complete(SendableTracked(lives)))
      let waiting = spawnBoxed {
        do throws(CompletionError) {
          _ = try await withCompletion(of: SendableTracked.self) { kept.value = $0 }
          return false
        } catch {
          if case .cancelled = error { return true } else { return false }
        }
      }
      await yield()
      waiting.cancel()
      expect(try await waiting.value())
      expect(!kept.value!.complete(SendableTracked(lives)))
      expectEqual(liveTimers(), 0)
    }
    #expect(lives.made == 2 && lives.alive == 0)
  }

  @Test func valueNobodyWaitsForAnyMore_isDropped() {
    let lives = Lives()
    do {
      let sides = Completion.make(of: SendableTracked.self)
      #expect(sides.completer.complete(SendableTracked(lives)))
      #expect(lives.alive == 1)
    }
    #expect(lives.alive == 0)
  }

  @Test func threadsAndSwiftTasks_waitToo() async throws {
    let forThread = Completion.make(of: Int.self)
    let thread = startThread(forThread.completion) { completion in
      do throws(CompletionError) { return try completion.valueBlocking() } catch { return -1 }
    }
    forThread.completer.complete(1)
    #expect(thread.join() == 1)

    let forTask = Completion.make(of: Int.self)
    let completer = forTask.completer
    let second = Worker {
      usleep(1_000)
      completer.complete(2)
    }
    let value = try await forTask.completion.value()
    #expect(value == 2)
    second.join()

    let task = Task { () -> Bool in
      let sides = Completion.make(of: Int.self)
      do throws(CompletionError) {
        _ = try await sides.completion.value()
        return false
      } catch {
        if case .cancelled = error { return true } else { return false }
      }
    }
    try await Task.sleep(for: .milliseconds(2))
    task.cancel()
    #expect(await task.value)
  }

  @Test func opaquePointer_carriesACompleterThroughC() async throws {
    try await inTask {
      let value = try await withCompletion(of: Int.self) { completer in
        var thread = pthread_t()
        unsafe pthread_create(
          &thread, nil,
          { context in
            unsafe Completer<Int>(takingOpaque: context!).complete(6)
            return nil
          }, completer.makeOpaque())
        pthread_detach(thread)
      }
      expectEqual(value, 6)
    }
  }

  @Test(arguments: 0..<4) func completing_cancelling_dropping_atRandom_losesNothing(seed: UInt64) async throws
  {
    let lives = Lives()
    let next = Handover<Completer<SendableTracked>>()
    let completing = Worker {
      var random = SeededGenerator(seed: seed)
      while let completer = next.take() {
        for _ in 0..<(random.next() % 300) { nexus_spin_hint() }
        switch random.next() % 3 {
        case 0: completer.fail(TestError())
        case 1: break
        default: completer.complete(SendableTracked(lives))
        }
      }
    }
    try await inTask {
      var random = SeededGenerator(seed: seed &+ 100)
      for _ in 0..<1_000 {
        let wait = Duration.nanoseconds(Int64(random.next() % 100_000))
        let waiting = spawnBoxed {
          do throws(CompletionError) {
            _ = try await withCompletion(of: SendableTracked.self, until: .after(wait)) { next.give($0) }
          } catch {}
        }
        if random.next() % 4 == 0 {
          await yield()
          waiting.cancel()
        }
        try await waiting.value()
      }
    }
    next.close()
    completing.join()
    #expect(lives.alive == 0)
  }
}

@Suite struct WithForeignTests {
  actor Counter {
    var count = 0
    func add() -> Int {
      count += 1
      return count
    }
  }

  @Test func foreignCode_runsElsewhere_andItsTaskGoesOnHere() async throws {
    try await inTask {
      let here = thisThread()
      let counter = Counter()
      let (count, there) = try await withForeign {
        (await counter.add(), thisThread())
      }
      expectEqual(count, 1)
      expect(there != here)
      expectEqual(thisThread(), here)
      // Waits of ours work on.
      try await sleep(for: .nanoseconds(1))
      do {
        try await withForeign { throw TestError(number: 4) }
        expect(false, "it ended well")
      } catch { expectEqual(error as? TestError, TestError(number: 4)) }
      let fromQueue = try await withForeign {
        await withCheckedContinuation { continuation in
          DispatchQueue.global().async { continuation.resume(returning: 5) }
        }
      }
      expectEqual(fromQueue, 5)
      expectEqual(try await withForeign { await Task.detached { 6 }.value }, 6)
    }
  }

  @Test func taskLocalValues_cross() async throws {
    try await inTask {
      let value = try await Local.$value.withValue(3) { try await withForeign { Local.value } }
      expectEqual(value, 3)
    }
  }

  enum Local { @TaskLocal static var value = 0 }

  @Test func cancellation_isPassedOn_ofTheTask_andOfScopes() async throws {
    try await inTask {
      let task = spawnBoxed { try await withForeign { try await Task.sleep(for: .seconds(1_000)) } }
      await yield()
      task.cancel()
      do {
        try await task.value()
        expect(false, "it ended well")
      } catch { expect(error is CancellationError) }
      do {
        try await withTimeout(.milliseconds(2)) {
          try await withForeign { try await Task.sleep(for: .seconds(1_000)) }
        }
        expect(false, "it ended well")
      } catch { expect(error is TimeoutError) }
      let token = CancellationToken()
      let canceller = Worker {
        usleep(2_000)
        token.cancel()
      }
      do {
        try await withCancellation(by: token) {
          try await withForeign { try await Task.sleep(for: .seconds(1_000)) }
        }
        expect(false, "it ended well")
      } catch { expect(error is CancellationError) }
      canceller.join()
    }
  }

  @Test func body_thatIgnoresItsCancellation_isWaitedFor() async throws {
    try await inTask {
      let isOver = Flag()
      let task = spawnBoxed {
        try await withForeign {
          await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
          }
          isOver.set()
          return 9
        }
      }
      await yield()
      task.cancel()
      expectEqual(try await task.value(), 9)
      expect(isOver.isSet)
      // In a child task too, which the Swift runtime cancels.
      let parent = spawnBoxed {
        async let child = withForeign {
          await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) { continuation.resume() }
          }
          return 10
        }
        return try await child
      }
      await yield()
      await yield()
      parent.cancel()
      expectEqual(try await parent.value(), 10)
    }
  }
}
