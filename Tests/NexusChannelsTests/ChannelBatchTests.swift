// Several values at a time: in order, within the limits, and with one wake for all.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelBatchTests {
  @Test(arguments: Kind.allCases) func trySend_ofSeveral_sendsWhatFits(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 3)
      #expect(tx.trySend(contentsOf: []) == 0)
      #expect(tx.trySend(contentsOf: [1, 2]) == 2)
      #expect(tx.trySend(contentsOf: [3, 4, 5]) == 1)
      #expect(tx.trySend(contentsOf: [6]) == 0)
      #expect(tx.count == 3)
      #expect(rx.present() == [1, 2, 3])
      // A slice is sent from where it begins.
      #expect(tx.trySend(contentsOf: [0, 0, 7, 8, 9][2...]) == 3)
      #expect(rx.present() == [7, 8, 9])
    }
  }

  @Test(arguments: Kind.allCases, [1, 3, 64]) func send_ofSeveral_sendsAllInOrder(kind: Kind, capacity: Int)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, capacity)
      let sending = spawnBoxed {
        for start in stride(from: 0, to: 200, by: 10) {
          expect(await tx.send(contentsOf: Array(start..<start + 10)[...]) == nil)
        }
        tx.drop()
      }
      var received: [Int] = []
      while case .success(let count) = await rx.receive(into: &received, atMost: 7) {
        expect(count >= 1 && count <= 7)
      }
      #expect(received == Array(0..<200))
      try await sending.value()
    }
  }

  @Test(arguments: Kind.allCases) func receive_ofSeveral_appendsUpToItsLimit(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 8)
      #expect(tx.trySend(contentsOf: [1, 2, 3, 4, 5]) == 5)
      var buffer = [0]
      #expect(await rx.receive(into: &buffer, atMost: 3) == .success(3))
      #expect(buffer == [0, 1, 2, 3])
      #expect(rx.receiveBlocking(into: &buffer, atMost: 9) == .success(2))
      #expect(buffer == [0, 1, 2, 3, 4, 5])
      let waiting = spawnBoxed { () -> [Int] in
        var buffer: [Int] = []
        expect(await rx.receive(into: &buffer, atMost: 9).value ?? 0 > 0)
        return buffer
      }
      await settle()
      let woken = await resumes { expect(tx.trySend(contentsOf: [6, 7, 8]) == 3) }
      #expect(woken == 1)
      try await expect(waiting.value() == [6, 7, 8])
    }
  }

  // A batch that makes room for several lets as many go on.
  @Test(arguments: Kind.cloning) func receive_ofSeveral_letsAsManySendersGoOn(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 3)
      #expect(tx.trySend(contentsOf: [0, 1, 2]) == 3)
      var sends = HandleList<SendError<Int>?>()
      for number in 3..<40 {
        let tx = tx.clone()
        sends.append(spawnBoxed { await tx.send(number) })
      }
      await settle()
      var received: [Int] = []
      while received.count < 40 {
        let before = received.count
        let count = await rx.receive(into: &received, atMost: 3).value ?? 0
        #expect(count >= 1 && received.count == before + count)
        await settle()
        #expect(rx.count == min(3, 40 - received.count))
      }
      #expect(received == Array(0..<40))
      try await expect(sends.values().allSatisfy { $0 == nil })
    }
  }

  @Test(arguments: Kind.allCases) func send_ofSeveral_whenItEnds_givesTheRestBack(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      let sending = spawnBoxed { await tx.send(contentsOf: [1, 2, 3, 4, 5]) }
      await settle()
      #expect(rx.tryReceive() == .success(1))
      await settle()
      sending.cancel()
      try await expect(sending.value() == .cancelled([4, 5]))
      #expect(rx.present() == [2, 3])
      #expect(await tx.send(contentsOf: [6, 7, 8], until: .now) == .timedOut([8]))
      let closing = spawnBoxed { await tx.send(contentsOf: [9, 10]) }
      await settle()
      rx.drop()
      try await expect(closing.value() == .closed([9, 10]))
    }
  }
}
