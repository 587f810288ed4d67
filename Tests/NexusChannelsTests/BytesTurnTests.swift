// A loop over a channel that never has to wait lets the other tasks run all the same.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesTurnTests {
  @Test(arguments: Loop.allCases)
  private func loop_whenItNeverWaits_yieldsNowAndThen(_ loop: Loop) throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 1 << 16)
      var tx = ends.sender
      var rx = ends.receiver
      let turns = Count()
      let other = spawnBoxed(turns) { turns in
        while !turns.isOver {
          turns.value += 1
          await yield()
        }
      }
      for number in 0..<2_000 {
        switch loop {
        case .claim: try await tx.send(record(number))
        default: try tx.trySend(record(number))
        }
        switch loop {
        case .claim: _ = try rx.tryTake()
        case .receive: _ = try await rx.take()
        case .next: _ = try await rx.takeNext()
        case .receiveBatch:
          var batch = try await rx.receiveBatch()
          while batch.next() != nil {}
        }
      }
      turns.isOver = true
      // At least once in a thousand operations, and not after each.
      #expect((2...200).contains(turns.value), "\(turns.value)")
      try await other.value()
    }
  }

  @Test func next_whenTheSendersAreGone_drainsAndThenIsNil() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 256)
      var tx = ends.sender
      var rx = ends.receiver
      for number in 0..<3 { try tx.trySend(record(number)) }
      expect(!rx.isEmpty)
      tx.close()
      var numbers: [Int] = []
      while let bytes = try await rx.takeNext() { numbers.append(origin(of: bytes).number) }
      #expect(numbers == [0, 1, 2])
      expect(rx.isEmpty && rx.isClosed)
    }
  }
}

private enum Loop: CaseIterable { case claim, receive, next, receiveBatch }

private final class Count {
  var value = 0
  var isOver = false
}
