// A receiver as an asynchronous sequence: order, the end, cancellation.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct FutureSequenceTests {
  @Test func values_comeInOrder_andEndWithTheChannel() throws {
    try onRuntime {
      let spsc = SPSC.channel(of: Int.self, capacity: 2)
      let local = Local.channel(of: Int.self, capacity: 2)
      let mpsc = MPSC.channel(of: Int.self, capacity: 2)
      let mpmc = MPMC.channel(of: Int.self, capacity: 0)
      let counts = [
        try await count(spsc.sender, spsc.receiver), try await count(local.sender, local.receiver),
        try await count(mpsc.sender, mpsc.receiver), try await count(mpmc.sender, mpmc.receiver),
      ]
      #expect(counts == [300, 300, 300, 300])
    }
  }

  private nonisolated(nonsending) func count<
    Sender: ChannelSender & ~Copyable, Receiver: ChannelReceiver & ~Copyable
  >(_ sender: consuming Sender, _ receiver: consuming Receiver) async throws -> Int
  where Sender.Element == Int, Receiver.Element == Int {
    let producer = spawnBoxed(sender) { sender in
      var sender = sender
      for number in 0..<300 { try await sender.send(number) }
    }
    var next = 0
    for try await value in receiver.values() {
      #expect(value == next)
      next += 1
    }
    try await producer.value()
    return next
  }

  @Test func loop_whenItsTaskIsCancelled_throws_andTheReceiverGoesWithIt() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 4)
      let core = ends.sender._core
      let looping = spawnBoxed(ends.receiver) { receiver in
        var sum = 0
        do throws(ReceiveError) {
          for try await value in receiver.values() { sum += value }
          return -1
        } catch { return error == .cancelled ? sum : -2 }
      }
      try await ends.sender.send(1)
      try await ends.sender.send(2)
      await settle()
      looping.cancel()
      let sum = try await looping.value()
      #expect(sum == 3)
      expect(core.isClosedForSending && isQuiet(core))
    }
  }

  @Test func loop_thatIsLeft_canBeGoneOnWith() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 8)
      for number in 0..<8 { try ends.sender.trySend(number) }
      ends.sender.close()
      let values = ends.receiver.values()
      var seen: [Int] = []
      for try await value in values {
        seen.append(value)
        if value == 3 { break }
      }
      for try await value in values { seen.append(value) }
      #expect(seen == Array(0..<8))
    }
  }
}
