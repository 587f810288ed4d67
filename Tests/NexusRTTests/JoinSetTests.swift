// Sets of tasks whose results are wanted as they come.

@testable import NexusRT
import Testing

@Suite struct JoinSetTests {
  @Test func next_givesResults_inTheOrderInWhichTasksEnd() async throws {
    try await inTask {
      var set = JoinSet<Int>()
      for (index, yields) in [5, 1, 3].enumerated() {
        set.spawn(index) { index in
          for _ in 0..<yields { await yield() }
          return index
        }
      }
      expectEqual(set.count, 3)
      var order: [Int] = []
      while let index = try await set.next() { order.append(index) }
      expectEqual(order, [1, 2, 0])
      expect(set.isEmpty)
    }
  }

  @Test func next_ofATaskThatFails_throwsItsError_andTheOthersGoOn() async throws {
    try await inTask {
      var set = JoinSet<Int>()
      set.spawn { throw Refusal(number: 1) }
      set.spawn {
        await yield()
        return 2
      }
      do {
        _ = try await set.next()
        expect(false, "nothing was thrown")
      } catch { expectEqual((error as? Refusal)?.number, 1) }
      expectEqual(try await set.next(), 2)
      expectEqual(try await set.next(), nil)
    }
  }

  @Test func next_whenTheCallerIsCancelled_takesNoTaskOut() async throws {
    try await inTask {
      let gate = Barrier()
      let received = Shared<[Int]>([])
      let owner = spawnBoxed {
        var set = JoinSet<Int>()
        set.spawn {
          await gate.pass()
          return 1
        }
        do {
          _ = try await withTimeout(.microseconds(50)) { try await set.next() }
          expect(false, "nothing was thrown")
        } catch { expect(error is TimeoutError) }
        expectEqual(set.count, 1)
        gate.open()
        while let number = try await set.next() { received.value.append(number) }
      }
      try await owner.value()
      expectEqual(received.value, [1])
    }
  }

  @Test func set_whenDropped_cancelsItsTasks() async throws {
    let lives = Lives()
    try await inTask {
      let ended = Shared(0)
      do {
        var set = JoinSet<Void>()
        for _ in 1...10 {
          set.spawn(Unique(lives)) { unique in
            do { try await sleep(for: .seconds(1_000)) } catch { ended.value += 1 }
            _ = consume unique
          }
        }
        await yield()
      }
      while ended.value < 10 { await yield() }
    }
    #expect(lives.made == 10 && lives.alive == 0)
  }

  @Test func cancelAll_endsTheTasks_whichStayToBeTakenOut() async throws {
    try await inTask {
      var set = JoinSet<Bool>()
      for _ in 1...5 {
        set.spawn {
          do { try await sleep(for: .seconds(1_000)) } catch { return true }
          return false
        }
      }
      await yield()
      set.cancelAll()
      var cancelled = 0
      while let wasCancelled = try await set.next() { if wasCancelled { cancelled += 1 } }
      expectEqual(cancelled, 5)
    }
  }

  @Test func waitForAll_throwsTheFirstError_afterAllHaveEnded() async throws {
    try await inTask {
      let ended = Shared(0)
      var set = JoinSet<Void>()
      for number in 1...6 {
        set.spawn {
          for _ in 0..<number { await yield() }
          ended.value += 1
          if number % 2 == 0 { throw Refusal(number: number) }
        }
      }
      do {
        try await set.waitForAll()
        expect(false, "nothing was thrown")
      } catch { expectEqual((error as? Refusal)?.number, 2) }
      expectEqual(ended.value, 6)
    }
  }

  @Test func noncopyableResults_comeOutOnce() async throws {
    let lives = Lives()
    try await inTask {
      var set = JoinSet<Unique>()
      for _ in 1...20 { set.spawn { Unique(lives) } }
      var count = 0
      while try await set.next() != nil && count < 9 { count += 1 }
      expectEqual(set.count, 10)
    }
    #expect(lives.made == 20 && lives.alive == 0)
  }

  @Test func spawnsWhileWaiting_growTheSet() async throws {
    try await inTask {
      var set = JoinSet<Int>()
      set.spawn { 10 }
      var sum = 0
      while let number = try await set.next() {
        sum += 1
        if number > 0 {
          set.spawn { number - 1 }
          if number % 2 == 0 { set.spawn { -1 } }
        }
      }
      expectEqual(sum, 16)
    }
  }
}
