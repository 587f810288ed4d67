// Who waits for room is served in the order of arrival, whatever the sizes: neither one who came later, nor one who only
// looks, takes the room that the first in line waits for. Otherwise a large record could wait for ever.

import LogBuf
import NexusChannels
import NexusRT
import Testing

@Suite struct BytesFairnessTests {
  @Test func waitingSenders_whenRoomIsFreed_areServedInOrderOfArrival() throws {
    let seen = try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var first = ends.sender
      var receiver = ends.receiver
      let count = first.fill()
      for sender in 1...5 {
        spawnBoxed(first.clone()) { tx in
          var tx = tx
          for number in 0..<3 { try await tx.send(record(number, from: sender)) }
        }
      }
      first.close()
      await settle()
      var seen: [Int] = []
      for bytes in try await receiver.takeAll() { seen.append(origin(of: bytes).sender) }
      return Array(seen.dropFirst(count))
    }
    #expect(seen == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
  }

  @Test func largeClaim_whenASmallerOneWaitsBehindIt_isServedFirst() throws {
    let seen = try onRuntime {
      let ends = MPSCBytes.channel(capacity: 128)
      var filler = ends.sender
      var receiver = ends.receiver
      let count = filler.fill()
      spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 1, count: 56))
      }
      await settle()
      spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 2))
      }
      filler.close()
      await settle()
      // Each record given back wakes somebody; two of them are room for the small record only.
      _ = try receiver.tryTake()
      _ = try receiver.tryTake()
      await settle()
      let all = try await receiver.takeAll()
      return all.dropFirst(count - 2).map { origin(of: $0).sender }
    }
    #expect(seen == [1, 2])
  }

  @Test func tryClaim_whenOthersWaitForRoom_isFull_evenIfItWouldFit() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var filler = ends.sender
      var receiver = ends.receiver
      _ = filler.fill()
      let waiting = spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 1, count: 24))
      }
      await settle()
      _ = try receiver.tryTake()
      #expect(filler.refusal(8) == .full)
      #expect(filler.refusal(1000) == .tooLarge(limit: 24))
      await settle()
      #expect(filler.refusal(8) == .full)
      while try receiver.tryTake() != nil {}
      try await waiting.value()
      #expect(filler.refusal(8) == nil)
    }
  }

  @Test func newClaim_whenTheWaitingSenderWasCalledAndHasNotRun_doesNotOvertakeIt() throws {
    let seen = try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var filler = ends.sender
      var receiver = ends.receiver
      let count = filler.fill()
      spawnBoxed(filler.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 1))
      }
      await settle()
      _ = try receiver.tryTake()
      // The waiting sender is in the run queue now; this one comes later and claims at once.
      let rest = spawnBoxed(receiver) { rx in
        var rx = rx
        await settle()
        return try await rx.takeAll().map { origin(of: $0).sender }
      }
      try await filler.send(record(0, from: 2))
      filler.close()
      return try await Array(rest.value().dropFirst(count - 1))
    }
    #expect(seen == [1, 2])
  }
}
