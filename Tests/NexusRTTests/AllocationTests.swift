// In steady state a wake, a switch and a spawn allocate nothing, and the kernel is entered only when something is due.

import CAllocationCounter
import CNexus
import NexusRT
import Testing

/// Whether the compiler has removed the thunks around closures, which allocate.
let isOptimised: Bool = {
  var isOptimised = true
  assert(
    {
      isOptimised = false; return true
    }())
  return isOptimised
}()

@Suite(.enabled(if: allocation_count_is_available())) struct AllocationTests {
  @Test func allocation_isSeen() {
    let before = allocation_count()
    // Of a size the compiler does not know.
    let numbers = [Int](repeating: 1, count: Int.random(in: 100...200))
    #expect(numbers.contains(1))
    #expect(allocation_count() > before)
  }

  @Test func yields_allocateNothing() async throws {
    try await inTask {
      // More than a turn's: without optimisation types are made when they are first used.
      for _ in 1...200 { await yield() }
      let before = allocation_count()
      for _ in 1...100_000 { await yield() }
      expectEqual(allocation_count() - before, 0)
    }
  }

  @Test(.enabled(if: isOptimised)) func spawnsAndJoins_allocateNothing() async throws {
    try await inTask {
      var before: UInt64 = 0
      var sum = 0
      for round in 1...100_000 {
        // By then this task has what its calls take, which may be more than its place holds.
        if round == 10 { before = allocation_count() }
        sum += try await spawnBoxed { 1 }.value()
      }
      expectEqual(allocation_count() - before, 0)
      expectEqual(sum, 100_000)
    }
  }

  @Test func foreignWakes_allocateNothing() async throws {
    try await inTask {
      let published = PublishedToken()
      let worker = Worker {
        var woken = 0
        while woken < 10_000 { if published.token.wake() { woken += 1 } }
      }
      var before: UInt64 = 0
      for round in 1...10_000 {
        if round == 10 { before = allocation_count() }
        let wait = Wait(for: "test")
        published.publish(wait.token)
        _ = await wait.suspend()
      }
      expectEqual(allocation_count() - before, 0)
      worker.join()
    }
  }

  @Test(.enabled(if: isOptimised)) func sleepsAndReads_allocateNothing() async throws {
    try await inTask {
      let ends = Pipe()
      let output = Kept(File(borrowing: ends.output.descriptor))
      var buffer = IOBuffer(count: 1)
      let one = IOBuffer(count: 1)
      var before: UInt64 = 0
      for round in 1...1_000 {
        if round == 10 { before = allocation_count() }
        _ = try await output.value!.write(one.bytes)
        var bytes = buffer.mutableBytes
        _ = try await ends.input.read(into: &bytes)
        try await sleep(for: .nanoseconds(1))
      }
      expectEqual(allocation_count() - before, 0)
    }
  }
}

@Suite struct EnterTests {
  @Test(arguments: [false, true]) func kernel_isNotEntered_whileNothingIsDue(busy: Bool) async throws {
    try await inTask(busy: busy) {
      await yield()
      let before = runtimeCounters()
      for _ in 1...10_000 { await yield() }
      for _ in 1...1_000 { try await spawnBoxed {}.value() }
      let after = runtimeCounters()
      expectEqual(after.enters, before.enters)
      expect(after.turns > before.turns)
    }
  }

  @Test func kernel_isEnteredOnceATurnAtMost_andSubmitsInBatches() async throws {
    try await inTask {
      let null = Kept(try await File.open("/dev/null", .write))
      let before = runtimeCounters()
      var handles: [Kept<JoinHandle<Void>>] = []
      for _ in 1...64 {
        handles.append(
          Kept(
            spawnBoxed {
              let one = IOBuffer(count: 1)
              for _ in 1...100 { _ = try await null.value!.write(one.bytes) }
            }))
      }
      for handle in handles { try await handle.take().value() }
      let after = runtimeCounters()
      expect(after.enters - before.enters <= after.turns - before.turns)
      // 6,400 writes.
      expect(after.enters - before.enters < 1_000, "\(after.enters - before.enters) enters")
    }
  }
}
