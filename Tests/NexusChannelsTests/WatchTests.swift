// The latest value, and who has seen it.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct WatchTests {
  @Test func initialValue_countsAsSeen_andCanBeLookedAt() throws {
    let ends = Watch.channel("a")
    expect(!ends.receiver.hasChanged)
    expect(ends.receiver.latest == "a")
    expect(ends.receiver.withLatest { $0.count } == 1)
    expect(ends.sender.latest == "a")
  }

  @Test func changed_afterSends_returnsOnce_forTheLatest() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      var receiver = ends.receiver
      for number in 1...3 { ends.sender.send(number) }
      expect(receiver.hasChanged)
      try await receiver.changed()
      expect(receiver.latest == 3)
      expect(!receiver.hasChanged)
      do throws(ReceiveError) {
        try await receiver.changed(until: .now)
        Issue.record("changed without a change")
      } catch { #expect(error == .timedOut) }
    }
  }

  @Test func send_whileReceiversWait_wakesAll() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      var handles = HandleList<Int>()
      for number in 0..<50 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { receiver in
            var receiver = receiver
            if number % 3 == 0 { leaveAWakeBehind() }
            return try await receiver.next()
          })
      }
      await settle()
      #expect(ends.sender.hub.waiting == 50)
      ends.sender.send(7)
      let values = try await handles.values()
      #expect(values == Array(repeating: 7, count: 50))
      #expect(ends.sender.hub.waiting == 0)
    }
  }

  @Test func next_afterAValueThatWasTaken_doesNotGiveItAgain() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      var receiver = ends.receiver
      ends.sender.send(1)
      expect(receiver.takeLatest() == 1)
      expect(!receiver.hasChanged)
      ends.sender.send(2)
      let value = try await receiver.next()
      #expect(value == 2)
    }
  }

  @Test func update_changesTheLatest_andPublishesNothingIfItThrows() throws {
    struct Refused: Error {}
    let ends = Watch.channel([1])
    let count = ends.sender.update { value in
      value.append(2)
      return value.count
    }
    #expect(count == 2)
    expect(ends.receiver.latest == [1, 2])
    var receiver = ends.receiver
    _ = receiver.takeLatest()
    do {
      try ends.sender.update { value in
        value.append(3)
        throw Refused()
      }
    } catch { #expect(error is Refused) }
    expect(receiver.latest == [1, 2])
    expect(!receiver.hasChanged)
  }

  @Test func update_ofSeveralThreads_losesNone() throws {
    let ends = Watch.channel(0)
    let rounds = scaled(5_000)
    let threads = (0..<2).map { _ in
      let sender = Handover(ends.sender.clone())
      return Worker {
        let sender = sender.take()
        for _ in 0..<rounds { sender.update { $0 += 1 } }
      }
    }
    for thread in threads { try thread.join() }
    expect(ends.receiver.latest == 2 * rounds)
  }

  @Test func update_thatSendsItself_isCalledAgain() {
    let ends = Watch.channel(0)
    var calls = 0
    ends.sender.update { value in
      calls += 1
      if calls == 1 { ends.sender.send(10) }
      value += 1
    }
    #expect(calls == 2)
    expect(ends.receiver.latest == 11)
  }

  // Number 14: closed wakes the receiver, which gives the last value first.
  @Test func sendersGone_givesTheLastValue_thenCloses() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      var receiver = ends.receiver
      let other = ends.sender.clone()
      do {
        let sender = ends.sender
        sender.send(5)
      }
      expect(!receiver.isClosed)
      let waiting = spawnBoxed(receiver.clone()) { receiver -> ReceiveError? in
        var receiver = receiver
        let value = try await receiver.next()
        #expect(value == 5)
        do throws(ReceiveError) { _ = try await receiver.next() } catch { return error }
        return nil
      }
      await settle()
      expect(!waiting.isFinished)
      drop(other)
      let error = try await waiting.value()
      #expect(error == .closed)
      let value = try await receiver.next()
      #expect(value == 5)
      expect(receiver.isClosed)
      expect(receiver.latest == 5)
    }
  }

  // Number 10: a wait that was cancelled stays registered nowhere.
  @Test func changed_whenCancelled_unregisters_andSeesTheNextChange() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      let waiting = spawnBoxed(ends.receiver) { receiver -> Int in
        var receiver = receiver
        do throws(ReceiveError) { try await receiver.changed() } catch { #expect(error == .cancelled) }
        while !receiver.hasChanged { await yield() }
        try await receiver.changed()
        return receiver.latest
      }
      await settle()
      waiting.cancel()
      await settle()
      #expect(ends.sender.hub.waiting == 0)
      ends.sender.send(3)
      let value = try await waiting.value()
      #expect(value == 3)
    }
  }

  @Test func changed_whenSentAndThenCancelled_returns() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      let waiting = spawnBoxed(ends.receiver) { receiver in
        var receiver = receiver
        return try await receiver.next()
      }
      await settle()
      ends.sender.send(3)
      waiting.cancel()
      let value = try await waiting.value()
      #expect(value == 3)
    }
  }

  @Test func closed_whenTheLastReceiverGoes_returns_andSubscribeReopens() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      let second = ends.receiver.clone()
      let waiting = spawnBoxed(ends.sender.clone()) { sender in try await sender.closed() }
      drop(ends.receiver)
      await settle()
      expect(!waiting.isFinished)
      expect(ends.sender.receiverCount == 1)
      drop(second)
      try await waiting.value()
      expect(ends.sender.isClosed)
      ends.sender.send(4)
      let late = ends.sender.subscribe()
      expect(!ends.sender.isClosed)
      expect(late.latest == 4)
      expect(!late.hasChanged)
      do throws(WaitError) {
        try await ends.sender.closed(until: .after(.milliseconds(1)))
        Issue.record("closed with a receiver")
      } catch { #expect(error == .timedOut) }
    }
  }

  @Test func blockingForms_onThreads_seeWhatTasksSend() throws {
    let ends = Watch.channel(0)
    let receiver = Handover(ends.receiver)
    let hasTimedOut = Atomic<Bool>(false)
    let thread = Worker {
      var receiver = receiver.take()
      let early = failureBlocking { () throws(ReceiveError) in
        try receiver.changedBlocking(until: .after(.milliseconds(1)))
      }
      #expect(early == .timedOut)
      hasTimedOut.store(true, ordering: .relaxed)
      var last = 0
      while true {
        do throws(ReceiveError) { last = try receiver.nextBlocking() } catch { break }
      }
      return last
    }
    let sender = Handover(ends.sender)
    try onRuntime {
      let sender = sender.take()
      while !hasTimedOut.load(ordering: .relaxed) { try await sleep(for: .microseconds(100)) }
      for number in 1...1_000 {
        sender.send(number)
        if number % 10 == 0 { await yield() }
      }
    }
    #expect(try thread.join() == 1_000)
  }

  @Test func closedBlocking_onAThread_returns() throws {
    let ends = Watch.channel(0)
    let sender = Handover(ends.sender)
    let thread = Worker { try sender.take().closedBlocking() }
    pause(microseconds: 200)
    drop(ends.receiver)
    try thread.join()
  }

  @Test func values_areDeinitialisedWhenReplaced_orWithTheChannel() throws {
    let population = Population()
    do {
      let ends = Watch.channel(Counted(0, in: population))
      for number in 1...5 {
        ends.sender.send(Counted(number, in: population))
        #expect(population.count == 1)
      }
      // What somebody looks at stays until it has looked.
      ends.receiver.withLatest { value in
        ends.sender.send(Counted(6, in: population))
        #expect(value.number == 5)
        #expect(population.count == 2)
      }
      #expect(population.count == 1)
    }
    #expect(population.count == 0)
  }

  // The deinit of a value uses the channel, which is not locked.
  @Test func deinit_ofAValue_mayUseTheChannel() throws {
    let population = Population()
    let ends = Watch.channel(Counted(0, in: population))
    let other = Handover(ends.sender.clone())
    ends.sender.send(
      Counted(1, in: population) {
        let sender = other.take()
        sender.send(Counted(3, in: population))
      })
    ends.sender.send(Counted(2, in: population))
    expect(ends.receiver.latest.number == 3)
  }

  @Test func channel_isAliveForAsLongAsAnEndIs_andNotLonger() throws {
    weak var hub: WatchedHub?
    do {
      let ends = Watch.channel(1)
      hub = ends.sender.hub
      let sender = ends.sender.clone()
      drop(ends.sender)
      let receiver = ends.receiver.clone()
      drop(ends.receiver)
      sender.send(2)
      drop(sender)
      #expect(hub != nil)
      expect(receiver.latest == 2)
    }
    #expect(hub == nil)
  }

  @Test func sendersAndReceivers_onThreadsAndTasks_seeValuesInOrder_andTheLast() throws {
    let seed = freshSeed()
    let population = Population()
    let rounds = scaled(3_000)
    do {
      let ends = Watch.channel(Counted(0, in: population))
      let readers = (0..<2).map { index in
        let receiver = Handover(ends.receiver.clone())
        return Worker {
          var receiver = receiver.take()
          var generator = SeededGenerator(seed: seed &+ UInt64(index))
          var last = 0
          while true {
            do throws(ReceiveError) {
              try receiver.changedBlocking(until: generator.below(3) == 0 ? .after(.microseconds(20)) : nil)
            } catch {
              if error == .closed { return last }
            }
            let number = receiver.withLatest { $0.number }
            if number < last { fatalError("went back from \(last) to \(number), seed \(seed)") }
            last = number
          }
        }
      }
      let receiver = Handover(ends.receiver)
      let runtime = runtimeThread {
        let receiver = receiver.take()
        var handles = HandleList<Int>()
        for _ in 0..<4 {
          handles.append(
            spawnBoxed(receiver.clone()) { receiver in
              var receiver = receiver
              var last = 0
              while let number = try? await receiver.next().number {
                if number < last { fatalError("went back, seed \(seed)") }
                last = number
              }
              return last
            })
        }
        return try await handles.values()
      }
      let sender = ends.sender
      for number in 1...rounds { sender.send(Counted(number, in: population)) }
      drop(sender)
      for reader in readers { #expect(try reader.join() == rounds, "seed \(seed)") }
      #expect(try runtime.join() == Array(repeating: rounds, count: 4), "seed \(seed)")
    }
    #expect(population.count == 0)
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func changes_inSteadyState_allocateNothing() throws {
    try onRuntime {
      let ends = Watch.channel(0)
      var handles = HandleList<Void>()
      for _ in 0..<3 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { receiver in
            var receiver = receiver
            while try await receiver.next() < 2_000 {}
          })
      }
      var before: UInt64 = 0
      for number in 1...2_000 {
        while ends.sender.hub.waiting < 3 { await yield() }
        if number == 500 { before = allocation_count() }
        ends.sender.send(number)
        if number == 1_900 { #expect(allocation_count() == before) }
      }
      _ = try await handles.values()
    }
  }
}
