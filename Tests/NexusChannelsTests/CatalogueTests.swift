// The bugs of the catalogue that belong to no one kind of channel: what is left behind, and who takes whose turn.

import NexusRT
import Testing

@testable import NexusChannels

/// Counts its living instances on one runtime.
private final class CataloguedValue: @unchecked Sendable {
  // Unchecked: made and dropped on one runtime's thread.
  let number: Int
  private let alive: CataloguedPopulation
  init(_ number: Int, _ alive: CataloguedPopulation) {
    self.number = number
    self.alive = alive
    alive.count += 1
  }
  deinit { alive.count -= 1 }
}

private final class CataloguedPopulation: @unchecked Sendable { var count = 0 }

@Suite struct CatalogueTests {
  // Catalogue 19: a sequence that is waited on again keeps no state of the hand-over before, which would free twice.
  @Test func sequence_atARendezvous_givesEachValueOnce_andDropsItOnce() throws {
    try onRuntime {
      let alive = CataloguedPopulation()
      let ends = MPMC.channel(of: CataloguedValue.self, capacity: 0)
      let consumer = spawnBoxed(ends.receiver) { receiver in
        var numbers: [Int] = []
        for try await value in receiver.values() { numbers.append(value.number) }
        return numbers
      }
      let producer = spawnBoxed(ends.sender) { sender in
        for number in 0..<500 {
          try await sender.send(CataloguedValue(number, alive))
          if number % 7 == 0 { await yield() }
        }
      }
      try await producer.value()
      let numbers = try await consumer.value()
      expect(numbers == Array(0..<500))
      expect(alive.count == 0)
    }
  }

  // Catalogue 23: a registration is not used up by a sibling of the same loop that takes the value before the waiter runs.
  @Test func receiver_whoseValueASiblingTakes_isStillWokenByTheNext() throws {
    let ends = MPMC.channel(of: Int.self, capacity: 4)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let count = scaled(5_000)
    let thread = Worker {
      let sender = sender.take()
      for number in 0..<count { try sender.sendBlocking(number) }
    }
    let received = try onRuntime {
      let receiver = receiver.take()
      let waiting = spawnBoxed(receiver.clone()) { receiver in
        var received = 0
        while try await receiver.next() != nil { received += 1 }
        return received
      }
      let sibling = spawnBoxed(receiver) { receiver in
        var received = 0
        do throws(ReceiveError) {
          while true {
            if try receiver.tryReceive() != nil { received += 1 }
            await yield()
          }
        } catch { return received }
      }
      return try await waiting.value() + sibling.value()
    }
    try thread.join()
    #expect(received == count)
  }

  // Catalogue 29: a producer learns that its consumer is gone, whether it waits, tries or only asks.
  @Test func sender_whenItsReceiverIsGone_learnsIt() throws {
    try onRuntime {
      let ends = SPSC.channel(of: Int.self, capacity: 1)
      var sender = ends.sender
      try sender.trySend(0)
      expect(!sender.isClosed)
      let waiting = spawnBoxed(sender) { sender in
        var sender = sender
        do throws(SendError<Int>) {
          try await sender.send(1)
          return (false, false)
        } catch {
          return (error == .closed(1), sender.isClosed)
        }
      }
      await settle()
      ends.receiver.close()
      let (wasTold, isClosed) = try await waiting.value()
      expect(wasTold && isClosed)
    }
  }

  // Catalogue 30: nothing of a dead channel is left with the loop, nor does clearing it away cost others their wakes.
  @Test func channels_thatDieWhileAFutureWaits_leaveNothing_andOthersAreWoken() throws {
    try onRuntime {
      let other = SPSC.channel(of: Int.self, capacity: 1)
      var otherSender = other.sender
      let waiting = spawnBoxed(other.receiver) { receiver in
        var receiver = receiver
        return try await receiver.receive()
      }
      await settle()
      for _ in 0..<200 {
        let wait = Wait(for: "test")
        let ends = SPSC.channel(of: Int.self, capacity: 1)
        var receiver = ends.receiver
        do {
          var future = receiver.receiving()
          let value = try future.poll(waking: wait.token)
          expect(value == nil)
        }
        receiver.close()
        ends.sender.close()
        // The loop looks at what it watches, with the channel's memory gone.
        wait.giveUp()
        await yield()
      }
      try otherSender.trySend(7)
      let value = try await waiting.value()
      expect(value == 7)
    }
  }
}
