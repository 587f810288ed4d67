// Plain threads wait in slots as tasks do, and are woken by the same kind of token.

import Foundation
import NexusRT
import Synchronization
import Testing

@Suite struct ThreadWaitTests {
  @Test func park_whenTheTokenIsWoken_returns_andOneWakerWins() {
    for _ in 0..<200 {
      let token = Atomic<UInt64>(0)
      withThread {
        let wait = ThreadWait(for: "test")
        token.store(wait.token.rawValue, ordering: .releasing)
        let outcome = wait.park()
        #expect(outcome == .woken)
      } while: {
        while token.load(ordering: .acquiring) == 0 { sched_yield() }
        let waker = unsafe WakeToken(uncheckedRawValue: token.load(ordering: .acquiring))
        #expect(waker.wake())
        #expect(!waker.wake())
      }
    }
  }

  @Test func park_whenTheDeadlineComes_timesOut_andTheTokenIsStale() {
    let wait = ThreadWait(for: "test")
    let token = wait.token
    let start = Deadline.now
    let outcome = wait.park(until: .after(.milliseconds(2)))
    #expect(outcome == .timedOut)
    #expect(Deadline.now.nanoseconds - start.nanoseconds >= 2_000_000)
    #expect(!token.wake())
  }

  @Test func park_whenItWasClaimedBefore_returnsAtOnce() {
    let wait = ThreadWait(for: "test")
    let isClaimed = wait.token.claim()
    #expect(isClaimed)
    let outcome = wait.park()
    #expect(outcome == .woken)
  }

  @Test func giveUp_tellsWhetherSomebodyWasFirst() {
    let first = ThreadWait(for: "test")
    let firstWasArmed = first.giveUp()
    #expect(firstWasArmed)
    let second = ThreadWait(for: "test")
    #expect(second.token.wake())
    let secondWasArmed = second.giveUp()
    #expect(!secondWasArmed)
  }

  @Test func tokens_ofThreadsThatEnded_wakeNobody() {
    let token = Atomic<UInt64>(0)
    for _ in 0..<50 {
      withThread {
        let wait = ThreadWait(for: "test")
        token.store(wait.token.rawValue, ordering: .releasing)
        wait.giveUp()
      } while: {
      }
      #expect(unsafe !WakeToken(uncheckedRawValue: token.load(ordering: .acquiring)).wake())
    }
  }
}

/// Runs `body` on a thread of its own while `meanwhile` runs on this one, and waits for its end.
private func withThread(_ body: @escaping @Sendable () -> Void, while meanwhile: () -> Void) {
  let ended = DispatchSemaphore(value: 0)
  Thread {
    body()
    ended.signal()
  }.start()
  meanwhile()
  ended.wait()
}
