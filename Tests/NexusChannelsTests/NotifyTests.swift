// A notification wakes one, or all that wait, and is never lost.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct NotifyTests {
  @Test func notifyOne_whenNobodyWaits_isStoredOnce() throws {
    try onRuntime {
      let notify = Notify()
      notify.notifyOne()
      notify.notifyOne()
      try await notify.wait()
      #expect(await failure { () async throws(WaitError) in try await notify.wait(until: .now) } == .timedOut)
      #expect(notify.waiting == 0)
    }
  }

  // Number 7: two notifications are two wakes.
  @Test func notifyOne_twice_wakesTwoInTheirOrder() throws {
    try onRuntime {
      let notify = Notify()
      let order = Guarded([Int]())
      var handles = HandleList<Void>()
      for number in 0..<3 {
        handles.append(
          spawnBoxed(number) { number in
            try await notify.wait()
            order.withLock { $0.append(number) }
          })
      }
      await settle()
      notify.notifyOne()
      notify.notifyOne()
      await settle()
      #expect(order.withLock { $0 } == [0, 1])
      notify.notifyOne()
      _ = try await handles.values()
      #expect(order.withLock { $0 } == [0, 1, 2])
    }
  }

  // Number 1: the notification of a waiter that was cancelled before is the next one's.
  @Test func notifyOne_afterTheFirstWasCancelled_wakesTheNext() throws {
    try onRuntime {
      let notify = Notify()
      let first = spawnBoxed { await failure { () async throws(WaitError) in try await notify.wait() } }
      let second = spawnBoxed { await failure { () async throws(WaitError) in try await notify.wait() } }
      await settle()
      first.cancel()
      notify.notifyOne()
      let (one, two) = (try await first.value(), try await second.value())
      #expect(one == .cancelled)
      #expect(two == nil)
      #expect(notify.waiting == 0)
    }
  }

  // Number 1: with nobody behind the cancelled one the notification is stored.
  @Test func notifyOne_afterTheOnlyOneWasCancelled_isStored() throws {
    try onRuntime {
      let notify = Notify()
      let only = spawnBoxed { await failure { () async throws(WaitError) in try await notify.wait() } }
      await settle()
      only.cancel()
      notify.notifyOne()
      let error = try await only.value()
      #expect(error == .cancelled)
      try await notify.wait()
    }
  }

  // Number 1, the other way round: who was notified returns, and acts on it, though it is cancelled.
  @Test func notifyOne_beforeTheCancellation_counts() throws {
    try onRuntime {
      let notify = Notify()
      let first = spawnBoxed { await failure { () async throws(WaitError) in try await notify.wait() } }
      let second = spawnBoxed { try await notify.wait() }
      await settle()
      notify.notifyOne()
      first.cancel()
      let error = try await first.value()
      #expect(error == nil)
      expect(!second.isFinished)
      notify.notifyOne()
      try await second.value()
    }
  }

  @Test func notifyAll_wakesAll_andStoresNothing() throws {
    try onRuntime {
      let notify = Notify()
      notify.notifyAll()
      var handles = HandleList<Void>()
      for _ in 0..<100 { handles.append(spawnBoxed { try await notify.wait() }) }
      await settle()
      #expect(notify.waiting == 100)
      notify.notifyAll()
      _ = try await handles.values()
      #expect(await failure { () async throws(WaitError) in try await notify.wait(until: .now) } == .timedOut)
    }
  }

  // Number 25: those who wait again, or come while the others are woken, were not waiting at the call.
  @Test func notifyAll_wakesNobodyWhoComesLater() throws {
    try onRuntime {
      let notify = Notify()
      let wakes = Atomic<Int>(0)
      var handles = HandleList<Void>()
      for _ in 0..<200 {
        handles.append(
          spawnBoxed {
            while true {
              try await notify.wait()
              if wakes.add(1, ordering: .relaxed).newValue > 10_000 { fatalError("woken for ever") }
            }
          })
      }
      await settle()
      notify.notifyAll()
      await settle()
      #expect(wakes.load(ordering: .relaxed) == 200)
      #expect(notify.waiting == 200)
      for index in 0..<200 { handles.cancel(index) }
      await settle()
      #expect(notify.waiting == 0)
    }
  }

  @Test func notifyAll_toAWaiterOfAWaitThatWasOverBefore_stillCounts() throws {
    try onRuntime {
      let notify = Notify()
      // Its token cannot be claimed: it is about to wake for no reason.
      let waiting = spawnBoxed {
        leaveAWakeBehind()
        try await notify.wait()
      }
      while notify.waiting == 0 { await yield() }
      notify.notifyAll()
      try await waiting.value()
    }
  }

  // Number 11: woken for no reason it keeps its place, with another token.
  @Test func wait_wokenForNoReason_keepsItsPlace() throws {
    try onRuntime {
      let notify = Notify()
      let first = spawnBoxed {
        leaveAWakeBehind()
        try await notify.wait()
      }
      let second = spawnBoxed { try await notify.wait() }
      await settle()
      #expect(notify.waiting == 2)
      notify.notifyOne()
      await settle()
      expect(first.isFinished)
      expect(!second.isFinished)
      notify.notifyOne()
      try await second.value()
    }
  }

  // Number 31: a crowd's memory is given back.
  @Test func memory_afterACrowd_isGivenBack() throws {
    try onRuntime {
      let notify = Notify()
      for _ in 0..<3 {
        var handles = HandleList<Void>()
        for _ in 0..<2_000 { handles.append(spawnBoxed { try await notify.wait() }) }
        await settle()
        notify.notifyAll()
        _ = try await handles.values()
      }
      notify.crowd.withLock { crowd in
        #expect(crowd.queue.nodes.capacity <= GateQueue.keptPlaces)
        #expect(crowd.spare.capacity <= Wakes.keptTokens)
        #expect(crowd.queue.outstanding == 0)
      }
    }
  }

  // Number 21: also a notification that finds one stored publishes what was done before it.
  @Test func notifyOne_fromThreads_isNeverLost() throws {
    let notify = Notify()
    let rounds = scaled(20_000)
    let produced = Atomic<Int>(0)
    let threads = (0..<2).map { _ in
      Worker {
        for _ in 0..<rounds {
          produced.add(1, ordering: .relaxed)
          notify.notifyOne()
        }
      }
    }
    try onRuntime {
      while produced.load(ordering: .relaxed) < 2 * rounds { try await notify.wait() }
    }
    for thread in threads { try thread.join() }
  }

  @Test func waitBlocking_ofThreadsAndWaitsOfTasks_shareNotifications() throws {
    let notify = Notify()
    let passed = Atomic<Int>(0)
    let total = scaled(400)
    let threads = (0..<2).map { _ in
      Worker {
        while failureBlocking({ () throws(WaitError) in try notify.waitBlocking(until: .after(.seconds(1))) })
          == nil
        {
          if passed.add(1, ordering: .relaxed).newValue >= total { break }
        }
      }
    }
    let runtime = runtimeThread {
      var handles = HandleList<Void>()
      for index in 0..<4 {
        handles.append(
          spawnBoxed(index) { index in
            while true {
              let deadline: Deadline = .after(.microseconds(50 * (index + 1)))
              let error = await failure { () async throws(WaitError) in try await notify.wait(until: deadline)
              }
              if error == nil { passed.add(1, ordering: .relaxed) }
              if passed.load(ordering: .relaxed) >= total { break }
            }
          })
      }
      _ = try await handles.values()
    }
    // Each notification lets one pass: so many have to be enough, but for those that were merged while stored.
    for _ in 0..<total {
      let before = passed.load(ordering: .relaxed)
      notify.notifyOne()
      eventually { passed.load(ordering: .relaxed) > before }
    }
    try runtime.join()
    for _ in 0..<2 { notify.notifyOne() }
    for thread in threads { try thread.join() }
  }

  @Test func settleFirst_passesThoseWhoseWaitIsOver() {
    var crowd = Crowd()
    for number in 1...3 { _ = crowd.queue.append(fakeToken(number), 0, isFuture: false) }
    var wakes = Wakes()
    #expect(Notify.settleFirst(&crowd, &wakes) { $0 == fakeToken(2) })
    #expect(wakes.count == 1 && wakes.first == fakeToken(2))
    #expect(crowd.queue.count == 1)
    #expect(!Notify.settleFirst(&crowd, &wakes) { _ in false })
    #expect(crowd.queue.isEmpty && crowd.queue.outstanding == 3)
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func notifications_inSteadyState_allocateNothing() throws {
    try onRuntime {
      let notify = Notify()
      var handles = HandleList<Void>()
      for _ in 0..<8 {
        handles.append(spawnBoxed { for _ in 0..<2_000 { try await notify.wait() } })
      }
      var before: UInt64 = 0
      for round in 0..<2_000 {
        while notify.waiting < 8 { await yield() }
        if round == 500 { before = allocation_count() }
        notify.notifyAll()
        if round == 1_900 { #expect(allocation_count() == before) }
      }
      _ = try await handles.values()
    }
  }
}
