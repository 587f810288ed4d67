// Cancellation ends one wait and nothing else: no value is lost, nobody else's turn is, and nothing of the wait is left.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelCancelTests {
  // Catalogue 1 and 3: woken and then cancelled, both before it runs: the value is given, or still in the channel.
  @Test(arguments: Kind.allCases) func receive_whenAValueComesAndThenACancellation_losesNothing(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      #expect(tx.trySend(1) == nil)
      receiving.cancel()
      let result = try await receiving.value()
      if result != .success(1) {
        #expect(result == .failure(.cancelled))
        #expect(rx.tryReceive() == .success(1))
      }
      #expect(rx.tryReceive() == nil)
    }
  }

  // Catalogue 26: a cancelled wait that was the only one, and then a send.
  @Test(arguments: Kind.allCases) func receive_whenCancelledAndThenAValueComes_leavesItToTheNext(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      for round in 0..<3 {
        let receiving = spawnBoxed { await rx.receive() }
        await settle()
        receiving.cancel()
        #expect(tx.trySend(round) == nil)
        try await expect(receiving.value() == .failure(.cancelled))
        #expect(rx.tryReceive() == .success(round))
        #expect(rx.tryReceive() == nil)
      }
    }
  }

  @Test(arguments: Kind.allCases) func operations_whenCancelledBefore_takeWhatIsThere_andThenEnd(kind: Kind)
    throws
  {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      let task = spawnBoxed {
        await yield()
        #expect(Task.isCancelled)
        #expect(await tx.send(1) == nil)
        #expect(await tx.send(2) == .cancelled(2))
        #expect(await tx.send(contentsOf: [3, 4]) == .cancelled([3, 4]))
        #expect(await tx.reserve { 5 } == .refused(.cancelled))
        #expect(await rx.receive() == .success(1))
        #expect(await rx.receive() == .failure(.cancelled))
        #expect(await rx.receive(until: .now) == .failure(.cancelled))
        var buffer: [Int] = []
        #expect(await rx.receive(into: &buffer, atMost: 2) == .failure(.cancelled))
        #expect(await tx.reserve { 6 } == .sent)
        #expect(await rx.receive() == .success(6))
        #expect(tx.waiting == 0)
      }
      task.cancel()
      try await task.value()
    }
  }

  // Catalogue 4 and 22; kanal's aborted sends: each value comes back, and nothing stays registered.
  @Test(arguments: Kind.allCases) func send_whenCancelledAgainAndAgain_givesTheValueBackEachTime(kind: Kind)
    throws
  {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 1)
      #expect(tx.trySend(Tracked(-1, alive)) == nil)
      for number in 0..<100 {
        let sending = spawnBoxed { await tx.send(Tracked(number, alive)) }
        if number % 3 != 0 { await settle() }
        sending.cancel()
        let error = try await sending.value()
        guard case .cancelled(let value)? = error else { return expect(false, "\(number)") }
        expect(value.number == number)
        expect(tx.waiting == 0)
      }
      #expect(alive.now == 1)
      #expect(rx.present().map(\.number) == [-1])
      #expect(alive.now == 0 && alive.ended == 101)
    }
  }

  // Catalogue 12 and 22: after any number of waits that ended, one value serves the one that waits.
  @Test(arguments: Kind.allCases) func receive_whenCancelledAgainAndAgain_staysOneWaiter(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 2)
      for _ in 0..<1_000 {
        let receiving = spawnBoxed { await rx.receive() }
        await yield()
        await yield()
        receiving.cancel()
        try await expect(receiving.value() == .failure(.cancelled))
      }
      let receiving = spawnBoxed { await rx.receive() }
      await settle()
      #expect(tx.trySend(1) == nil)
      try await expect(receiving.value() == .success(1))
    }
  }

  // Catalogue 5: either it was sent or it came back, whatever the order of room and cancellation.
  @Test(arguments: Kind.allCases, [true, false])
  func send_whenRoomAndACancellationCome_isSentOrGivenBack(kind: Kind, isRoomFirst: Bool) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      let sending = spawnBoxed { await tx.send(1) }
      await settle()
      if isRoomFirst {
        #expect(rx.tryReceive() == .success(0))
        sending.cancel()
      } else {
        sending.cancel()
        #expect(rx.tryReceive() == .success(0))
      }
      let error = try await sending.value()
      if error == nil {
        #expect(rx.present() == [1])
      } else {
        #expect(error == .cancelled(1))
        #expect(rx.present() == [])
      }
      #expect(tx.waiting == 0)
      #expect(tx.trySend(2) == nil)
      #expect(rx.present() == [2])
    }
  }

  // futures-intrusive's cancel_send_mid_wait and _end_wait. Catalogue 27: one cancellation ends one send.
  @Test(arguments: Kind.cloning, [[1, 3], [0, 4], [3, 4], [0, 1, 2, 3, 4]])
  func sends_ofWhichSomeAreCancelled_completeInOrder(kind: Kind, cancelled: [Int]) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(-1) == nil)
      var sends = HandleList<SendError<Int>?>()
      for number in 0..<5 {
        let tx = tx.clone()
        sends.append(spawnBoxed { await tx.send(number) })
      }
      await settle()
      for index in cancelled { sends.cancel(index) }
      await settle()
      #expect(tx.waiting == 5 - cancelled.count)
      for index in 0..<5 { #expect(sends.isFinished(index) == cancelled.contains(index)) }
      #expect(rx.tryReceive() == .success(-1))
      for index in 0..<5 where !cancelled.contains(index) {
        await settle()
        expect(sends.isFinished(index))
        for later in index + 1..<5 { #expect(sends.isFinished(later) == cancelled.contains(later)) }
        #expect(rx.tryReceive() == .success(index))
      }
      let errors = try await sends.values()
      for index in 0..<5 { #expect(errors[index] == (cancelled.contains(index) ? .cancelled(index) : nil)) }
      #expect(tx.waiting == 0)
    }
  }

  // Room that came to one who was cancelled at the same moment is the next one's.
  @Test(arguments: Kind.cloning) func room_forOneThatIsCancelled_goesToTheNext(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      let (first, second) = (tx.clone(), tx.clone())
      let sending = spawnBoxed { await first.send(1) }
      await settle()
      let next = spawnBoxed { await second.send(2) }
      await settle()
      sending.cancel()
      #expect(rx.tryReceive() == .success(0))
      let isSent = try await sending.value() == nil
      if isSent { #expect(rx.tryReceive() == .success(1)) }
      try await expect(next.value() == nil)
      #expect(rx.present() == [2])
    }
  }

  // Catalogue 31: what a crowd of waiters needed is given back.
  @Test(arguments: Kind.cloning) func crowd_thatHasGone_leavesNoMemoryBehind(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(-1) == nil)
      var sends = HandleList<SendError<Int>?>()
      for number in 0..<1_000 {
        let tx = tx.clone()
        sends.append(spawnBoxed { await tx.send(number) })
      }
      await settle()
      #expect(tx.waiting == 1_000 && tx.places >= 1_000)
      for index in 0..<1_000 where index % 2 == 0 { sends.cancel(index) }
      await settle()
      var received = 0
      while received < 501 {
        received += rx.present().count
        await yield()
      }
      expect(try await sends.values().count { $0 == nil } == 500)
      #expect(tx.waiting == 0 && tx.places <= 64)
    }
  }

  // Child tasks of a task are cancelled by the Swift runtime, while they wait too.
  @Test(arguments: Kind.allCases) func childTasks_whenTheirGroupIsCancelled_endTheirWaits(kind: Kind) throws {
    try onRuntime {
      let (tx, empty) = kind.make(Int.self, 1)
      let (full, rx) = kind.make(Int.self, 1)
      #expect(full.trySend(0) == nil)
      let ends = await withTaskGroup(of: Bool.self) { group in
        group.addTask { await empty.receive() == .failure(.cancelled) }
        group.addTask { await full.send(1) == .cancelled(1) }
        for _ in 0..<20 { await yield() }
        group.cancelAll()
        var ends: [Bool] = []
        for await end in group { ends.append(end) }
        return ends
      }
      #expect(ends == [true, true])
      #expect(full.waiting == 0)
      #expect(rx.present() == [0])
      #expect(tx.trySend(2) == nil)
      #expect(empty.tryReceive() == .success(2))
    }
  }
}
