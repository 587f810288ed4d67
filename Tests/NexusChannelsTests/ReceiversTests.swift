// Channels with several receivers: each value goes to one, those who wait are served in turn, and anybody closes.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ReceiversTests {
  @Test(arguments: [0, 1, 8, Int.max]) func receivers_thatWait_areServedInTheOrderInWhichTheyCame(
    capacity: Int
  )
    throws
  {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      var receives = HandleList<Result<Int, ReceiveError>>()
      for _ in 0..<5 {
        let rx = rx.clone()
        receives.append(spawnBoxed { await rx.receive() })
      }
      await settle()
      for number in 0..<5 {
        // Catalogue 7 and 20: each value wakes one, and no other.
        #expect(await resumes { expect(tx.trySend(number) == nil) } == 1)
        for index in 0..<5 { #expect(receives.isFinished(index) == (index <= number)) }
        #expect(tx.count == 0)
      }
      try await expect(receives.values() == (0..<5).map { .success($0) })
    }
  }

  // Catalogue 7: as many values at once as there are receivers, before any of these runs.
  @Test(arguments: [0, 5, Int.max]) func values_sentTogether_wakeAsManyReceivers(capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      var receives = HandleList<Result<Int, ReceiveError>>()
      for _ in 0..<5 {
        let rx = rx.clone()
        receives.append(spawnBoxed { await rx.receive() })
      }
      await settle()
      #expect(await resumes { expect(tx.trySend(contentsOf: [0, 1, 2]) == 3) } == 3)
      #expect(await resumes { expect(tx.trySend(3) == nil && tx.trySend(4) == nil) } == 2)
      // Values that were handed over take no room: probe 1 of the catalogue's B.1.
      #expect(tx.count == 0)
      try await expect(receives.values() == (0..<5).map { .success($0) })
    }
  }

  // futures-intrusive's cancel_receive_mid_wait and _end_wait. Catalogue 1 and 2.
  @Test(arguments: [0, 1, Int.max], [[1, 3], [0, 4], [3, 4], [0, 1, 2, 3, 4]])
  func receivers_ofWhichSomeAreCancelled_completeInOrder(capacity: Int, cancelled: [Int]) throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      var receives = HandleList<Result<Int, ReceiveError>>()
      for _ in 0..<5 {
        let rx = rx.clone()
        receives.append(spawnBoxed { await rx.receive() })
      }
      await settle()
      for index in cancelled { receives.cancel(index) }
      // Without a turn in between: the values pass over those who were cancelled.
      let kept = (0..<5).filter { !cancelled.contains($0) }
      for number in kept { #expect(tx.trySend(number) == nil) }
      let results = try await receives.values()
      for index in 0..<5 {
        #expect(results[index] == (cancelled.contains(index) ? .failure(.cancelled) : .success(index)))
      }
      #expect(rx.tryReceive() == nil)
    }
  }

  // Catalogue 1, 3 and 21: served and cancelled at once, it has its value; the next value is the next one's.
  @Test(arguments: [0, 1]) func receiver_thatIsServedAndThenCancelled_hasItsValue(capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      let (one, two) = (rx.clone(), rx.clone())
      let first = spawnBoxed { await one.receive() }
      await settle()
      let second = spawnBoxed { await two.receive() }
      await settle()
      #expect(tx.trySend(1) == nil)
      first.cancel()
      #expect(tx.trySend(2) == nil)
      try await expect(first.value() == .success(1))
      try await expect(second.value() == .success(2))
    }
  }

  // Catalogue 16 and 28: all of both sides, however many, and whoever closes.
  @Test(arguments: [true, false], [1, 40]) func close_wakesAllReceivers(bySender: Bool, count: Int) throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      let tx = ends.sender
      let rx = ends.receiver
      var receives = HandleList<ReceiveError?>()
      for _ in 0..<count {
        receives.append(
          spawnBoxed(rx.clone()) { rx in
            do throws(ReceiveError) { _ = try await rx.receive() } catch { return error }
            return nil
          })
      }
      await settle()
      let wasOpen = bySender ? tx.close() : rx.close()
      expect(wasOpen)
      try await expect(receives.values().allSatisfy { $0 == .closed })
      // Closing again is allowed, and changes nothing.
      expect(!tx.close() && !rx.close() && tx.isClosed && rx.isClosed)
    }
  }

  // Catalogue 29a: close with parked senders; what was sent before is still received.
  @Test(arguments: [true, false], [0, 1, 3]) func close_givesSendersTheirValuesBack_andKeepsWhatWasSent(
    bySender: Bool, capacity: Int
  ) throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: capacity)
      let tx = ends.sender
      let rx = ends.receiver
      var sends = HandleList<SendError<Int>?>()
      for number in 0..<20 {
        sends.append(
          spawnBoxed(tx.clone()) { tx in
            do throws(SendError<Int>) { try await tx.send(number) } catch { return error }
            return nil
          })
      }
      await settle()
      _ = bySender ? tx.close() : rx.close()
      let errors = try await sends.values()
      for number in 0..<20 { #expect(errors[number] == (number < capacity ? nil : .closed(number))) }
      for number in 0..<capacity { try expect(rx.tryReceive() == number) }
      #expect(throws: ReceiveError.closed) { try rx.tryReceive() }
      #expect(throws: SendError.closed(7)) { try tx.trySend(7) }
    }
  }

  @Test func ends_areCounted_andTheLastOfASideCloses() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 4)
      let tx = ends.sender
      let rx = ends.receiver
      do {
        let tx2 = tx.clone()
        let rx2 = rx.clone()
        let rx3 = tx.subscribe()
        expect(tx.senderCount == 2 && rx.receiverCount == 3 && rx3 != nil)
        try tx2.trySend(1)
        try expect(rx2.tryReceive() == 1)
      }
      expect(tx.receiverCount == 1 && rx.senderCount == 1 && !tx.isClosed)
      try tx.trySend(2)
      _ = consume rx
      expect(tx.isClosed && tx.receiverCount == 0 && tx.subscribe() == nil)
      expect(tx.count == 0)
      #expect(throws: SendError.closed(3)) { try tx.trySend(3) }
    }
  }

  // kanal's and flume's fan-out: every receiver gets something, all values arrive once.
  @Test(arguments: [0, 1, 16]) func values_amongManyReceivers_arriveOnce(capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = Kind.mpmc.make(Int.self, capacity)
      var receives = HandleList<[Int]>()
      for _ in 0..<10 {
        let rx = rx.clone()
        receives.append(spawnBoxed { try await rx.rest() })
      }
      rx.drop()
      for number in 0..<1_000 { expect(await tx.send(number) == nil) }
      tx.drop()
      let received = try await receives.values()
      expect(received.allSatisfy { $0 == $0.sorted() && !$0.isEmpty })
      expect(received.flatMap(\.self).sorted() == Array(0..<1_000))
    }
  }
}
