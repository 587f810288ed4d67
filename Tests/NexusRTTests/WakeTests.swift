// A token ends the one wait it was made for. Late, twice, after its task or its runtime: it does nothing.

import NexusRT
import Synchronization
import Testing

@Suite struct WakeTests {
  @Test func wake_fromAnotherThread_endsTheWait() async throws {
    try await inTask {
      for _ in 1...200 {
        let wait = Wait(for: "test")
        let token = wait.token
        let worker = Worker { expect(token.wake()) }
        expect(await wait.suspend())
        worker.join()
        expect(!token.wake())
      }
    }
  }

  @Test func wake_beforeTheSuspension_isKept() async throws {
    try await inTask {
      let wait = Wait(for: "test")
      expect(wait.token.wake())
      expect(await wait.suspend())
    }
  }

  @Test func wake_fromAnotherTask_endsTheWait_once() async throws {
    try await inTask {
      let published = PublishedToken()
      let waiter = spawnBoxed {
        let wait = Wait(for: "test")
        published.publish(wait.token)
        return await wait.suspend()
      }
      await yield()
      expect(published.token.wake())
      expect(!published.token.wake())
      expect(try await waiter.value())
      expect(!published.token.wake())
    }
  }

  @Test func wake_ofNone_doesNothing() {
    #expect(!WakeToken.none.wake())
    #expect(WakeToken.none.rawValue == 0)
  }

  @Test func staleToken_doesNotEndTheNextWait() async throws {
    try await inTask {
      let first = Wait(for: "test")
      let stale = first.token
      first.giveUp()
      let second = Wait(for: "test")
      expect(second.token != stale)
      expect(!stale.wake())
      spawnBoxed { [token = second.token] in
        for _ in 1...10 { await yield() }
        token.wake()
      }
      let before = runtimeCounters().resumes
      expect(await second.suspend())
      expect(runtimeCounters().resumes >= before + 10)
    }
  }

  @Test func token_ofATaskThatEnded_doesNotWakeItsSuccessor() async throws {
    try await inTask {
      let published = PublishedToken()
      var stale: [WakeToken] = []
      for _ in 1...100 {
        let task = spawnBoxed {
          let wait = Wait(for: "test")
          published.publish(wait.token)
          return await wait.suspend()
        }
        await yield()
        for token in stale { expect(!token.wake()) }
        await yield()
        expect(!task.isFinished)
        expect(published.token.wake())
        expect(try await task.value())
        expect(!stale.contains(published.token))
        stale.append(published.token)
      }
    }
  }

  @Test func token_ofARuntimeThatEnded_doesNothing_alsoToTheNext() async throws {
    let tokens = try await onThread {
      var tokens: [WakeToken] = []
      for _ in 1...50 {
        let runtime = try Runtime()
        tokens.append(
          try runtime.blockOn {
            let wait = Wait(for: "test")
            let token = wait.token
            wait.giveUp()
            return token
          })
        for token in tokens { expect(!token.wake()) }
      }
      return tokens
    }
    for token in tokens { #expect(!token.wake()) }
    #expect(Set(tokens.map(\.rawValue)).count == tokens.count)
  }

  @Test func giveUp_thenWake_doesNothing() async throws {
    try await inTask {
      let wait = Wait(for: "test")
      let token = wait.token
      wait.giveUp()
      expect(!token.wake())
    }
  }

  @Test func wake_thenGiveUp_disturbsNoLaterWait() async throws {
    try await inTask {
      let home = thisThread()
      for round in 1...200 {
        let wait = Wait(for: "test")
        let token = wait.token
        if round % 2 == 0 { expect(token.wake()) } else { Worker { expect(token.wake()) }.join() }
        wait.giveUp()
        switch round % 4 {
        case 0: await yield()
        case 1: try await sleep(for: .microseconds(20))
        case 2: expectEqual(try await spawnBoxed { round }.value(), round)
        default:
          async let child: Void = yield()
          await child
        }
        expectEqual(thisThread(), home)
      }
    }
  }

  @Test func wake_thenGiveUp_thenTheEndOfTheTask_isHarmless() async throws {
    try await inTask {
      for round in 1...200 {
        let task = spawnBoxed {
          let wait = Wait(for: "test")
          let token = wait.token
          if round % 2 == 0 { token.wake() } else { Worker { token.wake() }.join() }
          wait.giveUp()
        }
        try await task.value()
        expect(try await spawnBoxed { true }.value())
      }
    }
  }

  @Test func wait_thatIsDropped_isGivenUp() async throws {
    try await inTask {
      let token: WakeToken
      do {
        let wait = Wait(for: "test")
        token = wait.token
      }
      expect(!token.wake())
      await yield()
    }
  }

  @Test func wake_ofAChildTask_fromAnotherThread_endsItsWait() async throws {
    try await inTask {
      for _ in 1...100 {
        async let woken = { () async -> Bool in
          let wait = Wait(for: "test")
          let token = wait.token
          _ = Worker { token.wake() }
          return await wait.suspend()
        }()
        expect(await woken)
      }
    }
  }

  @Test func tokens_ofOneWait_fromManyThreads_wakeOnce() async throws {
    let winners = Atomic(0)
    try await inTask {
      for _ in 1...50 {
        let wait = Wait(for: "test")
        let token = wait.token
        let workers = (1...4).map { _ in
          Worker { if token.wake() { winners.wrappingAdd(1, ordering: .relaxed) } }
        }
        expect(await wait.suspend())
        for worker in workers { worker.join() }
      }
    }
    #expect(winners.load(ordering: .relaxed) == 50)
  }
}
