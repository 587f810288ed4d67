// Several operations at once: one counts or all do, and none outlives the call.

import CAllocationCounter
import NexusRT
import Testing

@Suite struct RaceTests {
  @Test func race_whenOneEnds_givesItsValue_andCancelsAndAwaitsTheOthers() async throws {
    try await inTask {
      let ended = Shared<[Int]>([])
      let winner = try await race(
        {
          defer { ended.value.append(1) }
          try await sleep(for: .seconds(1_000))
          return 1
        },
        {
          try await sleep(for: .microseconds(50))
          return 2
        },
        {
          try? await sleep(for: .seconds(1_000))
          for _ in 1...20 { await yield() }
          expect(Task.isCancelled)
          ended.value.append(3)
          return 3
        })
      expectEqual(winner, 2)
      expectEqual(ended.value, [1, 3])
    }
  }

  @Test func race_whenOneThrowsFirst_throwsThat() async throws {
    try await inTask {
      do {
        _ = try await race(
          { () async throws -> Int in
            await yield()
            throw TestError(number: 1)
          },
          {
            try await sleep(for: .seconds(1_000))
            return 2
          })
        expect(false, "nothing was thrown")
      } catch { expectEqual(error as? TestError, TestError(number: 1)) }
    }
  }

  @Test func race_whenSeveralEndInOneTurn_theFirstDecides() async throws {
    try await inTask {
      for round in 0..<50 {
        let ended = Shared<[Int]>([])
        let end = { (number: Int) in
          ended.value.append(number)
          return number
        }
        let winner = try await race({ end(1) }, { end(2) }, { end(3) }, { end(4) })
        expectEqual(winner, ended.value.first)
        expectEqual(ended.value.sorted(), [1, 2, 3, 4])
        let other = try await race(
          {
            for _ in 0...5 + round % 3 { await yield() }
            return 1
          }, { 2 })
        expectEqual(other, 2)
      }
    }
  }

  @Test func race_ofNoncopyableValues_dropsTheLosers() async throws {
    let lives = Lives()
    try await inTask {
      let winner = try await race({ Unique(lives, 1) }, { Unique(lives, 2) })
      expect(winner.number == 1)
      expect(lives.made == 2 && lives.alive == 1)
    }
    #expect(lives.alive == 0)
  }

  @Test func race_whenTheCallerIsCancelled_cancelsAndAwaitsAll() async throws {
    try await inTask {
      let ended = Shared(0)
      let handle = spawnBoxed {
        try await race(
          {
            defer { ended.value += 1 }
            try await sleep(for: .seconds(1_000))
          },
          {
            defer { ended.value += 1 }
            defer { expect(isCancelled()) }
            try? await sleep(for: .seconds(1_000))
            for _ in 1...20 { await yield() }
          })
      }
      await yield()
      await yield()
      handle.cancel()
      do {
        try await handle.value()
        expect(false, "the race ended well")
      } catch { expect(error is CancellationError) }
      expectEqual(ended.value, 2)
    }
  }

  @Test func race_whenTheCallerWasCancelledBefore_startsItsBodiesCancelled() async throws {
    try await inTask {
      let handle = spawnBoxed {
        try await race({ Task.isCancelled }, { Task.isCancelled })
      }
      handle.cancel()
      expect(try await handle.value())
    }
  }

  @Test func race_inATimeLimit_isEndedByIt() async throws {
    try await inTask {
      let ended = Shared(0)
      do {
        try await withTimeout(.microseconds(200)) {
          try await race(
            {
              defer { ended.value += 1 }
              try await sleep(for: .seconds(1_000))
            },
            {
              defer { ended.value += 1 }
              _ = await Wait(for: "test").suspend()
              for _ in 1...20 { await yield() }
              throw TestError()
            })
        }
        expect(false, "nothing was thrown")
      } catch { expect(error is TimeoutError) }
      expectEqual(ended.value, 2)
    }
  }

  @Test func race_inAChildTask_isCancelledWithIt() async throws {
    try await inTask {
      let home = thisThread()
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await race(
              { try await sleep(for: .seconds(1_000)) }, { try await sleep(for: .seconds(1_000)) })
            return false
          } catch { return error is CancellationError && thisThread() == home }
        }
        for _ in 1...10 { await yield() }
        group.cancelAll()
        for await wasCancelled in group { expect(wasCancelled) }
      }
    }
  }

  @Test func race_inAChildTask_givesItsValue() async throws {
    try await inTask {
      for _ in 1...20 {
        async let winner = race(
          {
            await yield()
            return 1
          },
          {
            try await sleep(for: .seconds(1_000))
            return 2
          })
        expectEqual(try await winner, 1)
      }
    }
  }

  @Test func races_canBeNested() async throws {
    try await inTask {
      let winner = try await race(
        {
          try await race(
            {
              try await sleep(for: .seconds(1_000))
              return 1
            },
            {
              try await sleep(for: .microseconds(20))
              return 2
            })
        },
        {
          try await sleep(for: .seconds(1_000))
          return 3
        })
      expectEqual(winner, 2)
    }
  }

  @Test(.enabled(if: isOptimised && allocation_count_is_available()))
  func racesAndJoins_inSteadyState_allocateNothing() async throws {
    try await inTask {
      var before: UInt64 = 0
      for round in 1...2_000 {
        if round == 10 { before = allocation_count() }
        _ = try await race({ 1 }, { 2 }, { 3 })
        _ = try await join({ 1 }, { await yield() })
      }
      expectEqual(allocation_count() - before, 0)
    }
  }

  @Test func bodies_mayShareWhatIsNotSendable() async throws {
    try await inTask {
      let shared = Shared(0)
      try await race(
        { while shared.value < 100 { await yield() } },
        {
          while true {
            shared.value += 1
            try await sleep(for: .nanoseconds(1))
          }
        })
      expectEqual(shared.value, 100)
    }
  }
}

@Suite struct JoinTests {
  @Test func join_givesAllValues_inTheOrderOfTheBodies() async throws {
    try await inTask {
      let (a, b) = try await join(
        {
          try await sleep(for: .microseconds(100))
          return 1
        }, { "two" })
      expect(a == 1 && b == "two")
      let (c, d, _) = try await join({ 1 }, { 2.0 }, { await yield() })
      expect(c == 1 && d == 2)
      let four = try await join({ 1 }, { 2 }, { 3 }, { 4 })
      expect(four == (1, 2, 3, 4))
    }
  }

  @Test func join_whenOneThrows_cancelsAndAwaitsTheOthers_andThrowsTheFirstError() async throws {
    let lives = Lives()
    try await inTask {
      let ended = Shared(0)
      do {
        _ = try await join(
          {
            do { try await sleep(for: .seconds(1_000)) } catch { throw TestError(number: 1) }
          },
          { Tracked(lives) },
          {
            await yield()
            throw TestError(number: 3)
          },
          {
            try? await sleep(for: .seconds(1_000))
            for _ in 1...20 { await yield() }
            ended.value += 1
          })
        expect(false, "nothing was thrown")
      } catch { expectEqual(error as? TestError, TestError(number: 3)) }
      expectEqual(ended.value, 1)
      expect(lives.made == 1 && lives.alive == 0)
    }
  }

  @Test func join_whenTheCallerIsCancelled_cancelsAndAwaitsAll_andRethrows() async throws {
    try await inTask {
      let ended = Shared(0)
      let handle = spawnBoxed {
        try await join(
          {
            defer { ended.value += 1 }
            try await sleep(for: .seconds(1_000))
          },
          {
            try? await sleep(for: .seconds(1_000))
            for _ in 1...20 { await yield() }
            ended.value += 1
          })
      }
      await yield()
      await yield()
      handle.cancel()
      do {
        _ = try await handle.value()
        expect(false, "nothing was thrown")
      } catch { expect(error is CancellationError) }
      expectEqual(ended.value, 2)
    }
  }

  @Test func join_inATimeLimit_thatItsBodiesIgnore_givesTheirValues() async throws {
    try await inTask {
      let values = try await withTimeout(.microseconds(50)) {
        try await join(
          {
            try? await sleep(for: .seconds(1_000))
            return 1
          },
          {
            for _ in 1...100 { await yield() }
            return 2
          })
      }
      expect(values == (1, 2))
    }
  }

  @Test func joins_fromManyTasks_giveEachItsOwn() async throws {
    try await inTask {
      var handles: [Kept<JoinHandle<Int>>] = []
      for number in 0..<200 {
        handles.append(
          Kept(
            spawnBoxed {
              let (a, b, c) = try await join(
                {
                  for _ in 0..<number % 5 { await yield() }
                  return number
                },
                {
                  try await sleep(for: .microseconds(number % 7))
                  return number * 2
                }, { number * 3 })
              return a + b + c
            }))
      }
      for number in 0..<200 { expectEqual(try await handles[number].take().value(), number * 6) }
    }
  }
}
