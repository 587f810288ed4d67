// Every receiver gets every value, or is told how many it missed, or is waited for.

import CAllocationCounter
import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct BroadcastTests {
  @Test func values_areReceivedByAll_inOrder() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 8)
      var handles = HandleList<[Int]>()
      for _ in 0..<5 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { receiver in
            var receiver = receiver
            var all: [Int] = []
            do throws(BroadcastError) {
              while true { all.append(try await receiver.receive()) }
            } catch { #expect(error == .closed) }
            return all
          })
      }
      do {
        let sender = ends.sender
        for number in 0..<100 {
          try sender.trySend(number)
          if number % 5 == 0 { await settle() }
        }
      }
      for all in try await handles.values() { #expect(all == Array(0..<100)) }
    }
  }

  @Test func receiver_thatIsTooSlow_isToldOnceHowManyItMissed_andGoesOnWithTheOldest() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 3)
    var receiver = ends.receiver
    for number in 0..<10 { try ends.sender.trySend(number) }
    #expect(throws: BroadcastError.lagged(7)) { try receiver.tryReceive() }
    for number in 7..<10 { expect(try receiver.tryReceive() == number) }
    expect(try receiver.tryReceive() == nil)
    try ends.sender.trySend(10)
    expect(try receiver.tryReceive() == 10)
  }

  @Test func receiver_thatSubscribes_getsWhatComes_andAClone_whatItsOriginalWouldGet() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 4)
    try ends.sender.trySend(1)
    var late = ends.sender.subscribe()
    var clone = ends.receiver.clone()
    try ends.sender.trySend(2)
    expect(late.count == 1 && clone.count == 2)
    expect(try late.tryReceive() == 2)
    expect(try clone.tryReceive() == 1)
    expect(try clone.tryReceive() == 2)
    var original = ends.receiver
    expect(try original.tryReceive() == 1)
  }

  @Test func clone_ofAReceiverThatMissedValues_missesThemToo() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 2)
    for number in 0..<5 { try ends.sender.trySend(number) }
    var clone = ends.receiver.clone()
    #expect(throws: BroadcastError.lagged(3)) { try clone.tryReceive() }
    expect(try clone.tryReceive() == 3)
  }

  @Test func send_withoutReceivers_givesTheValueBack_untilSomebodySubscribes() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 2)
    drop(ends.receiver)
    let sender = ends.sender
    #expect(failureBlocking { () throws(SendError<Int>) in try sender.trySend(1) } == .closed(1))
    #expect(failureBlocking { () throws(SendError<Int>) in try sender.sendBlocking(2) } == .closed(2))
    var receiver = sender.subscribe()
    try sender.trySend(3)
    expect(try receiver.tryReceive() == 3)
    expect(sender.receiverCount == 1)
  }

  // Number 14: the last sender's end wakes who waits; what is there is received first.
  @Test func sendersGone_drainsAndCloses() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 4)
      let other = ends.sender.clone()
      try ends.sender.trySend(1)
      let waiting = spawnBoxed(ends.receiver) { receiver -> BroadcastError? in
        var receiver = receiver
        leaveAWakeBehind()
        let value = try await receiver.receive()
        #expect(value == 1)
        do throws(BroadcastError) { _ = try await receiver.receive() } catch { return error }
        return nil
      }
      drop(ends.sender)
      await settle()
      expect(!waiting.isFinished)
      drop(other)
      let error = try await waiting.value()
      #expect(error == .closed)
    }
  }

  @Test func receive_whenCancelled_losesNothing() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 4)
      let waiting = spawnBoxed(ends.receiver) { receiver in
        var receiver = receiver
        do throws(BroadcastError) { _ = try await receiver.receive() } catch { #expect(error == .cancelled) }
        var value: Int?
        while value == nil {
          value = try receiver.tryReceive()
          await yield()
        }
        return value
      }
      await settle()
      waiting.cancel()
      try ends.sender.trySend(4)
      let value = try await waiting.value()
      #expect(value == 4)
      #expect(ends.sender.hub.waiting == 0)
    }
  }

  @Test func receive_untilADeadline_timesOut_inTasksAndThreads() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 4)
    let receiver = Handover(ends.receiver.clone())
    try onRuntime {
      var receiver = receiver.take()
      do throws(BroadcastError) { _ = try await receiver.receive(until: .after(.milliseconds(1))) } catch {
        #expect(error == .timedOut)
      }
    }
    let second = Handover(ends.receiver)
    let error = try onThread {
      var receiver = second.take()
      return failureBlocking { () throws(BroadcastError) in
        _ = try receiver.receiveBlocking(until: .after(.milliseconds(1)))
      }
    }
    #expect(error == .timedOut)
    expect(ends.sender.hub.waiting == 0)
  }

  // MARK: Backpressure

  @Test func backpressure_waitsForTheSlowest() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 2, whenFull: .backpressure)
      var slow = ends.receiver
      var fast = slow.clone()
      for number in 0..<2 { try ends.sender.trySend(number) }
      let sender = ends.sender
      #expect(failureBlocking { () throws(SendError<Int>) in try sender.trySend(2) } == .full(2))
      let sending = spawnBoxed(sender.clone()) { sender in try await sender.send(2) }
      for number in 0..<2 { expect(try fast.tryReceive() == number) }
      await settle()
      expect(!sending.isFinished)
      expect(try slow.tryReceive() == 0)
      try await sending.value()
      for number in 1..<3 { expect(try slow.tryReceive() == number) }
      expect(try fast.tryReceive() == 2)
    }
  }

  @Test func backpressure_ofAReceiverThatGoes_isGivenUp() throws {
    let population = Population()
    try onRuntime {
      let ends = Broadcast.channel(of: Counted.self, capacity: 2, whenFull: .backpressure)
      var fast = ends.receiver.clone()
      let slow = Kept(Optional(ends.receiver))
      for number in 0..<2 { try ends.sender.trySend(Counted(number, in: population)) }
      let sending = spawnBoxed(ends.sender.clone()) { sender in
        try await sender.send(Counted(2, in: population))
      }
      for number in 0..<2 { expect(try fast.tryReceive()?.number == number) }
      await settle()
      expect(!sending.isFinished)
      #expect(population.count == 3)
      slow.value = nil
      try await sending.value()
      #expect(population.count == 1)
      expect(try fast.tryReceive()?.number == 2)
    }
    #expect(population.count == 0)
  }

  // Number 24: each sender that waits gets its own value back.
  @Test func backpressure_whenAllReceiversGo_givesEachSenderItsValueBack() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 1, whenFull: .backpressure)
      try ends.sender.trySend(0)
      var handles = HandleList<Int?>()
      for number in 1...40 {
        handles.append(
          spawnBoxed(ends.sender.clone()) { sender in
            do throws(SendError<Int>) { try await sender.send(number) } catch {
              guard case .closed(let value) = error else { return nil }
              return value
            }
            return nil
          })
      }
      await settle()
      drop(ends.receiver)
      let back = try await handles.values()
      #expect(back == Array(1...40))
    }
  }

  // Numbers 1 and 8: room that comes when the first who waits was cancelled is the next one's.
  @Test(arguments: [true, false]) func backpressure_whenASenderIsCancelled_theNextSends(cancelFirst: Bool)
    throws
  {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 1, whenFull: .backpressure)
      var receiver = ends.receiver
      try ends.sender.trySend(0)
      let first = spawnBoxed(ends.sender.clone()) { sender in
        await failure { () async throws(SendError<Int>) in try await sender.send(1) }
      }
      let second = spawnBoxed(ends.sender.clone()) { sender in try await sender.send(2) }
      await settle()
      if cancelFirst { first.cancel() }
      expect(try receiver.tryReceive() == 0)
      first.cancel()
      await settle()
      if cancelFirst {
        let error = try await first.value()
        #expect(error == .cancelled(1))
      } else {
        let error = try await first.value()
        #expect(error == nil)
        expect(try receiver.tryReceive() == 1)
      }
      try await second.value()
      expect(try receiver.tryReceive() == 2)
      #expect(ends.sender.hub.withLock { $0.ledger.reserved } == 0)
    }
  }

  @Test func backpressure_timesOut_inTasksAndThreads() throws {
    let ends = Broadcast.channel(of: Int.self, capacity: 1, whenFull: .backpressure)
    try ends.sender.trySend(0)
    let sender = Handover(ends.sender.clone())
    try onRuntime {
      let sender = sender.take()
      let error = await failure { () async throws(SendError<Int>) in
        try await sender.send(1, until: .after(.milliseconds(1)))
      }
      #expect(error == .timedOut(1))
    }
    let second = Handover(ends.sender.clone())
    let error = try onThread {
      let sender = second.take()
      return failureBlocking { () throws(SendError<Int>) in
        try sender.sendBlocking(2, until: .after(.milliseconds(1)))
      }
    }
    #expect(error == .timedOut(2))
  }

  // MARK: Values

  @Test func values_areDeinitialisedWhenAllHaveThem_orNobodyIsLeft() throws {
    let population = Population()
    do {
      let ends = Broadcast.channel(of: Counted.self, capacity: 4)
      var one = ends.receiver
      let other = Kept(Optional(one.clone()))
      for number in 0..<6 { try ends.sender.trySend(Counted(number, in: population)) }
      #expect(population.count == 4)
      #expect(throws: BroadcastError.lagged(2)) { try one.tryReceive() }
      for number in 2..<6 { expect(try one.tryReceive()?.number == number) }
      #expect(population.count == 4)
      other.value = nil
      #expect(population.count == 0)
      try ends.sender.trySend(Counted(9, in: population))
      #expect(population.count == 1)
    }
    #expect(population.count == 0)
  }

  @Test func deinit_ofAValue_mayUseTheChannel() throws {
    let population = Population()
    let ends = Broadcast.channel(of: Counted.self, capacity: 1)
    var receiver = ends.receiver
    let other = Handover(ends.sender.clone())
    try ends.sender.trySend(
      Counted(0, in: population) { try? other.take().trySend(Counted(2, in: population)) })
    // Overwrites the first, whose end sends the third.
    try ends.sender.trySend(Counted(1, in: population))
    #expect(throws: BroadcastError.lagged(2)) { try receiver.tryReceive() }
    expect(try receiver.tryReceive()?.number == 2)
  }

  @Test func channel_isAliveForAsLongAsAnEndIs_andNotLonger() throws {
    weak var hub: BroadcastHub?
    do {
      let ends = Broadcast.channel(of: Int.self, capacity: 2)
      hub = ends.sender.hub
      let sender = ends.sender.clone()
      drop(ends.sender)
      var receiver = ends.receiver.clone()
      drop(ends.receiver)
      try sender.trySend(1)
      drop(sender)
      #expect(hub != nil)
      expect(try receiver.tryReceive() == 1)
      #expect(throws: BroadcastError.closed) { try receiver.tryReceive() }
    }
    #expect(hub == nil)
  }

  @Test(arguments: [Broadcast.WhenFull.overwrite, .backpressure])
  func values_betweenThreadsAndTasks_areAllReceivedOrMissed(whenFull: Broadcast.WhenFull) throws {
    let seed = freshSeed()
    let population = Population()
    let rounds = scaled(2_000)
    let senders = 2
    do {
      let ends = Broadcast.channel(of: Counted.self, capacity: 6, whenFull: whenFull)
      @Sendable func check(_ number: Int, _ last: inout [Int]) {
        let (sender, value) = (number % senders, number / senders)
        if value <= last[sender] { fatalError("\(value) of \(sender) after \(last[sender]), seed \(seed)") }
        if whenFull == .backpressure && value != last[sender] + 1 {
          fatalError("a gap at \(value), seed \(seed)")
        }
        last[sender] = value
      }
      let reader = Handover(ends.receiver.clone())
      let readerThread = Worker {
        var receiver = reader.take()
        var last = [-1, -1]
        var got = 0
        while true {
          do throws(BroadcastError) {
            check(try receiver.receiveBlocking().number, &last)
            got += 1
          } catch {
            if error == .closed { return got }
            if case .lagged(let count) = error { got += count }
          }
        }
      }
      let receiver = Handover(ends.receiver)
      let runtime = runtimeThread {
        let receiver = receiver.take()
        var handles = HandleList<Int>()
        for index in 0..<3 {
          handles.append(
            spawnBoxed(receiver.clone()) { receiver in
              var receiver = receiver
              var generator = SeededGenerator(seed: seed &+ UInt64(index))
              var last = [-1, -1]
              var got = 0
              while true {
                do throws(BroadcastError) {
                  let limit: Deadline? =
                    generator.below(4) == 0 ? .after(.microseconds(generator.below(50))) : nil
                  if generator.below(16) == 0 { leaveAWakeBehind() }
                  check(try await receiver.receive(until: limit).number, &last)
                  got += 1
                  // Some come and go meanwhile.
                  if generator.below(50) == 0 {
                    var clone = receiver.clone()
                    _ = try clone.tryReceive()
                  }
                } catch {
                  if error == .closed { return got }
                  if case .lagged(let count) = error { got += count }
                }
              }
            })
        }
        drop(receiver)
        return try await handles.values()
      }
      var writers: [Worker<Void>] = []
      for index in 0..<senders {
        let sender = Handover(ends.sender.clone())
        writers.append(
          Worker {
            let sender = sender.take()
            for number in 0..<rounds {
              try sender.sendBlocking(Counted(number * senders + index, in: population))
            }
          })
      }
      drop(ends.sender)
      for writer in writers { try writer.join() }
      // A clone that missed some is told so too, and its original as well: counted by each for itself.
      let got = try runtime.join() + [readerThread.join()]
      #expect(got.allSatisfy { $0 == senders * rounds }, "\(got), seed \(seed)")
    }
    #expect(population.count == 0, "seed \(seed)")
  }

  @Test(arguments: [true, false]) func ledger_atRandom_keepsItsInvariants(waits: Bool) {
    let seed = freshSeed()
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let capacity = 1 + generator.below(5)
      var ledger = BroadcastLedger(capacity: capacity, waits: waits)
      /// What is stored where, and what each receiver is to get.
      var stored: [Int: Int] = [:]
      var expected: [(position: UInt64, queue: [Int])] = [(0, [])]
      var next = 0
      for _ in 0..<200 {
        switch generator.below(10) {
        case 0..<4:
          switch ledger.push(isReserved: false) {
          case .closed: #expect(expected.isEmpty)
          case .full: #expect(waits && expected.contains { $0.queue.count == capacity })
          case .stored(let index, let old):
            if old >= 0 { stored[old] = nil }
            #expect(stored[index] == nil)
            stored[index] = next
            for reader in expected.indices {
              expected[reader].queue.append(next)
              if waits { #expect(expected[reader].queue.count <= capacity) }
            }
            next += 1
          }
        case 4..<8 where !expected.isEmpty:
          let reader = generator.below(expected.count)
          let missed = max(0, expected[reader].queue.count - capacity)
          switch ledger.pull(&expected[reader].position) {
          case .empty: #expect(expected[reader].queue.isEmpty)
          case .closed: Issue.record("closed, seed \(seed)")
          case .lagged(let count):
            #expect(count == missed && count > 0, "seed \(seed)")
            expected[reader].queue.removeFirst(count)
          case .copied(let index):
            #expect(stored[index] == expected[reader].queue.removeFirst(), "seed \(seed)")
          case .moved(let index):
            #expect(stored[index] == expected[reader].queue.removeFirst(), "seed \(seed)")
            stored[index] = nil
          }
        case 8:
          if !expected.isEmpty && generator.below(2) == 0 {
            let original = expected[generator.below(expected.count)]
            ledger.addReceiver(at: original.position)
            expected.append(original)
          } else {
            ledger.receivers += 1
            expected.append((ledger.tail, []))
          }
        default:
          guard !expected.isEmpty else { break }
          var gone = expected.remove(at: generator.below(expected.count))
          ledger.receivers -= 1
          while let index = ledger.abandon(&gone.position, upTo: ledger.tail) { stored[index] = nil }
        }
        #expect(stored.count == ledger.remaining.count { $0 > 0 }, "seed \(seed)")
        #expect(ledger.tail - ledger.oldest <= UInt64(capacity))
      }
    }
  }

  @Test(.enabled(if: isOptimisedBuild && allocation_count_is_available()))
  func values_inSteadyState_allocateNothing() throws {
    try onRuntime {
      let ends = Broadcast.channel(of: Int.self, capacity: 4, whenFull: .backpressure)
      var handles = HandleList<UInt64>()
      for _ in 0..<3 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { receiver in
            var receiver = receiver
            var before: UInt64 = 0
            for number in 0..<2_000 {
              if number == 500 { before = allocation_count() }
              guard try await receiver.receive() == number else { fatalError("another value") }
            }
            return allocation_count() - before
          })
      }
      drop(ends.receiver)
      let sending = spawnBoxed(ends.sender) { sender in
        for number in 0..<2_000 { try await sender.send(number) }
      }
      try await sending.value()
      let allocations = try await handles.values()
      #expect(allocations.min() == 0)
    }
  }
}
