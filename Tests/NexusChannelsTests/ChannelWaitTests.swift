// Tasks that wait at a channel: they go on when there is something, in the order in which they came, and at its end.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelWaitTests {
  @Test(arguments: Kind.allCases) func receive_whenEmpty_waitsForTheNextValue(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      let receiving = spawnBoxed { (await rx.receive(), await rx.receive()) }
      await settle()
      expect(!receiving.isFinished)
      #expect(tx.trySend(1) == nil)
      await settle()
      expect(!receiving.isFinished && rx.count == 0)
      #expect(await tx.send(2) == nil)
      try await expect(receiving.value() == (.success(1), .success(2)))
    }
  }

  @Test(arguments: Kind.allCases, [1, 3]) func send_whenFull_waitsForRoom(kind: Kind, capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, capacity)
      let sending = spawnBoxed {
        for number in 0..<50 { expect(await tx.send(number) == nil) }
        tx.drop()
      }
      for number in 0..<50 {
        await settle()
        #expect(rx.count == min(capacity, 50 - number))
        #expect(rx.tryReceive() == .success(number))
      }
      try await sending.value()
      #expect(rx.tryReceive() == .failure(.closed))
    }
  }

  @Test(arguments: Kind.allCases) func pingPong_overTwoChannels_neverStops(kind: Kind) throws {
    try onRuntime {
      let (pingTx, pingRx) = kind.make(Int.self, 1)
      let (pongTx, pongRx) = kind.make(Int.self, 1)
      let answering = spawnBoxed {
        while let value = try await pingRx.next() { expect(await pongTx.send(value + 1) == nil) }
      }
      for number in 0..<1_000 {
        expect(await pingTx.send(number) == nil)
        expect(await pongRx.receive() == .success(number + 1))
      }
      pingTx.drop()
      try await answering.value()
    }
  }

  // Catalogue 14: the last sender goes while the receiver is parked.
  @Test(arguments: Kind.allCases) func receive_whenTheLastSenderGoesMeanwhile_isClosed(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      tx.drop()
      try await expect(receiving.value() == .failure(.closed))
    }
  }

  // Catalogue 13: a value and the end, both before the parked receiver runs again.
  @Test(arguments: Kind.allCases) func receive_whenAValueAndTheEndComeTogether_givesTheValueFirst(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      let receiving = spawnBoxed { (await rx.receive(), await rx.receive()) }
      await settle()
      #expect(tx.trySend(5) == nil)
      tx.drop()
      try await expect(receiving.value() == (.success(5), .failure(.closed)))
    }
  }

  // Catalogue 16, 24 and 28: all that wait are woken by the end, each with its own value.
  @Test(arguments: Kind.allCases) func sends_whenTheReceiverGoesMeanwhile_getTheirOwnValuesBack(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(-1) == nil)
      let count = kind == .spsc ? 1 : 40
      var sends = HandleList<SendError<Int>?>()
      for number in 0..<count {
        let tx = kind == .spsc ? tx : tx.clone()
        sends.append(spawnBoxed { await tx.send(number) })
      }
      await settle()
      if kind != .spsc { #expect(tx.waiting == count) }
      rx.drop()
      for (number, error) in try await sends.values().enumerated() { #expect(error == .closed(number)) }
      if kind != .spsc { #expect(tx.waiting == 0) }
    }
  }

  @Test(arguments: Kind.allCases) func send_thatHadWaitedBefore_stillFails_whenTheReceiverGoes(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(1) == nil)
      let sending = spawnBoxed { (await tx.send(2), await tx.send(3)) }
      await settle()
      #expect(rx.tryReceive() == .success(1))
      await settle()
      rx.drop()
      try await expect(sending.value() == (nil, .closed(3)))
    }
  }

  @Test(arguments: Kind.cloning, [1, 3])
  func sends_thatWait_areServedInTheOrderInWhichTheyCame(kind: Kind, capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, capacity)
      for number in 0..<capacity { #expect(tx.trySend(number) == nil) }
      for number in capacity..<20 {
        let tx = tx.clone()
        spawnBoxed { expect(await tx.send(number) == nil) }
      }
      await settle()
      for number in 0..<20 {
        #expect(rx.tryReceive() == .success(number))
        await settle()
        #expect(rx.count == min(capacity, 19 - number))
      }
    }
  }

  @Test(arguments: Kind.cloning) func trySend_whileOthersWait_doesNotOvertakeThem(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      let other = tx.clone()
      let sending = spawnBoxed { await other.send(1) }
      await settle()
      #expect(rx.tryReceive() == .success(0))
      // The room is the waiting sender's, though it has not run yet.
      #expect(tx.trySend(2) == .full(2))
      #expect(rx.tryReceive() == .success(1))
      #expect(tx.trySend(2) == nil)
      try await expect(sending.value() == nil)
      #expect(rx.tryReceive() == .success(2))
    }
  }

  // Catalogue 20: one value wakes one waiter, once.
  @Test(arguments: Kind.cloning) func room_forOne_wakesOneOfThoseWhoWait(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      for number in 1...5 {
        let tx = tx.clone()
        spawnBoxed { expect(await tx.send(number) == nil) }
      }
      for number in 0..<5 {
        let woken = await resumes { expect(rx.tryReceive() == .success(number)) }
        #expect(woken == 1, "value \(number)")
      }
      #expect(await resumes { expect(rx.tryReceive() == .success(5)) } == 0)
    }
  }

  // Catalogue 32: a loop that never has to wait lets others run.
  /// Each has the same number of operations before it is to let the other run, however tasks suspend.
  @Test func senderAndReceiver_thatNeverWait_getOnAlike() throws {
    try onRuntime {
      let ends = MPMC.unbounded(of: Int.self)
      let sending = spawnBoxed(ends.sender) { tx in
        for number in 0..<20_000 { try await tx.send(number) }
      }
      let receiving = spawnBoxed(ends.receiver) { rx in
        var backlog = 0
        for number in 0..<20_000 {
          backlog = max(backlog, rx.count)
          guard try await rx.receive() == number else { return Int.max }
        }
        return backlog
      }
      try await sending.value()
      let backlog = try await receiving.value()
      expect(backlog <= 512, "\(backlog) values wait at a time")
    }
  }

  /// Each receive finds a sender that waits.
  @Test func receives_atARendezvousWithMany_letOthersRun() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 0)
      let turns = Log<Void>()
      var senders = HandleList<Void>()
      for number in 0..<1_000 {
        senders.append(spawnBoxed(ends.sender.clone()) { tx in try await tx.send(number) })
      }
      await settle()
      let other = spawnBoxed {
        while !Task.isCancelled {
          turns.entries.append(())
          await yield()
        }
      }
      for number in 0..<1_000 { try await expect(ends.receiver.receive() == number) }
      #expect(turns.entries.count >= 6)
      other.cancel()
      try await other.value()
      _ = try await senders.values()
    }
  }

  @Test(arguments: Kind.allCases) func loop_thatNeverWaits_letsOthersRun(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 4)
      let turns = Log<Void>()
      let other = spawnBoxed {
        while !Task.isCancelled {
          turns.entries.append(())
          await yield()
        }
      }
      for number in 0..<10_000 {
        expect(await tx.send(number) == nil)
        expect(await rx.receive() == .success(number))
      }
      #expect(turns.entries.count >= 100)
      let before = turns.entries.count
      var buffer: [Int] = []
      for _ in 0..<5_000 {
        expect(await tx.send(contentsOf: [1, 2]) == nil)
        expect(await rx.receive(into: &buffer, atMost: 2) == .success(2))
        buffer.removeAll()
      }
      #expect(turns.entries.count >= before + 50)
      let second = turns.entries.count
      for _ in 0..<5_000 {
        expect(await tx.reserve { 1 } == .sent)
        expect(rx.tryReceive() == .success(1))
      }
      #expect(turns.entries.count >= second + 25)
      other.cancel()
      try await other.value()
    }
  }
}
