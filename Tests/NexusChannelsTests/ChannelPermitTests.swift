// Permits: room that belongs to somebody before there is a value for it, and that is never lost, however the permit ends.
// Catalogue 9 all over: a permit that goes wakes whoever it must, on every path.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelPermitTests {
  @Test(arguments: Kind.allCases, [1, 3])
  func permit_thatIsUsed_sendsItsValue_andIsRoomUntilThen(kind: Kind, capacity: Int) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, capacity)
      for round in 0..<10 {
        let outcome = await tx.reserve {
          expect(rx.count == 0 && rx.tryReceive() == nil)
          return round
        }
        #expect(outcome == .sent && rx.count == 1)
        #expect(tx.tryReserve { nil } == (capacity == 1 ? .refused(.full) : .dropped))
        #expect(rx.tryReceive() == .success(round))
      }
    }
  }

  @Test(arguments: Kind.allCases) func permit_thatIsDropped_givesItsRoomBack(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      for round in 0..<10 {
        #expect(await tx.reserve { nil } == .dropped)
        #expect(tx.tryReserve { nil } == .dropped)
        #expect(tx.reserveBlocking { nil } == .dropped)
        #expect(tx.trySend(round) == nil)
        #expect(tx.tryReserve { 0 } == .refused(.full))
        #expect(rx.tryReceive() == .success(round))
      }
    }
  }

  @Test(arguments: Kind.cloning) func room_thatIsReserved_isNobodyElses(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 3)
      let other = tx.clone()
      let outcome = await tx.reserve {
        expect(other.trySend(1) == nil)
        expect(other.trySend(2) == nil)
        expect(other.trySend(3) == .full(3))
        expect(other.tryReserve { 4 } == .refused(.full))
        expect(other.trySend(contentsOf: [5, 6]) == 0)
        expect(rx.tryReceive() == .success(1))
        expect(other.trySend(7) == nil)
        expect(other.trySend(8) == .full(8))
        expect(rx.count == 2)
        return 9
      }
      #expect(outcome == .sent)
      #expect(rx.present() == [2, 7, 9])
    }
  }

  @Test(arguments: Kind.cloning) func permits_ofAllRoom_areUsedInAnyOrder(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 3)
      let (second, third) = (tx.clone(), tx.clone())
      let outcome = tx.tryReserve {
        _ = second.tryReserve {
          _ = third.tryReserve {
            expect(tx.count == 0)
            return 1
          }
          return nil
        }
        expect(third.trySend(2) == nil)
        return 3
      }
      #expect(outcome == .sent)
      #expect(rx.present() == [1, 2, 3])
    }
  }

  @Test(arguments: Kind.cloning, [true, false])
  func permit_thatGoes_wakesTheFirstThatWaits(kind: Kind, waitsForRoom: Bool) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      let others = (0..<3).map { _ in tx.clone() }
      let log = Log<Int>()
      _ = await tx.reserve {
        for (number, other) in others.enumerated() {
          spawnBoxed {
            if waitsForRoom {
              expect(await other.reserve { number } == .sent)
            } else {
              expect(await other.send(number) == nil)
            }
            log.entries.append(number)
          }
        }
        await settle()
        expect(log.entries.isEmpty && tx.waiting == 3)
        return nil
      }
      for number in 0..<3 {
        await settle()
        #expect(log.entries == Array(0...number))
        #expect(rx.tryReceive() == .success(number))
      }
    }
  }

  @Test(arguments: Kind.cloning) func reserves_ofWhichSomeAreCancelled_completeInOrder(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(-1) == nil)
      var reserves = HandleList<PermitOutcome<Int>>()
      for number in 0..<5 {
        let tx = tx.clone()
        reserves.append(spawnBoxed { await tx.reserve { number } })
      }
      await settle()
      reserves.cancel(1)
      reserves.cancel(3)
      await settle()
      #expect(tx.waiting == 3)
      for number in [-1, 0, 2, 4] {
        #expect(rx.tryReceive() == .success(number))
        await settle()
      }
      let expected: [PermitOutcome<Int>] = [.sent, .refused(.cancelled), .sent, .refused(.cancelled), .sent]
      try await expect(reserves.values() == expected)
      #expect(tx.waiting == 0 && tx.tryReserve { nil } == .dropped)
    }
  }

  // Granted and cancelled before it runs: the permit is given, or its room is somebody else's.
  @Test(arguments: Kind.cloning) func reserve_thatIsGrantedAndCancelled_losesNoRoom(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      let (first, second) = (tx.clone(), tx.clone())
      let reserving = spawnBoxed { await first.reserve { nil } }
      await settle()
      let sending = spawnBoxed { await second.send(1) }
      await settle()
      #expect(rx.tryReceive() == .success(0))
      reserving.cancel()
      _ = try await reserving.value()
      try await expect(sending.value() == nil)
      #expect(rx.present() == [1])
    }
  }

  // A value that goes from the permit to a receiver that waits takes no room: that is for the next.
  @Test(arguments: Kind.cloning) func permit_thatServesAReceiver_leavesItsRoomToTheNext(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      let other = tx.clone()
      let receiving = spawnBoxed { (await rx.receive(), await rx.receive()) }
      await settle()
      _ = await tx.reserve {
        spawnBoxed { expect(await other.reserve { 2 } == .sent) }
        await settle()
        return 1
      }
      // Each wait for another thread's word may take a turn of the loop.
      for _ in 0..<4 { await settle() }
      expect(receiving.isFinished)
      receiving.cancel()
      try await expect(receiving.value() == (.success(1), .success(2)))
    }
  }

  // permit_available_not_acquired_close; failed and cancelled reserves wake the closed receiver.
  @Test(arguments: Kind.allCases, [nil, 7])
  func receiver_whenTheLastSenderEndsWithAPermit_isToldTheEnd(kind: Kind, value: Int?) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      let receiving = spawnBoxed { try await rx.rest() }
      let sending = spawnBoxed {
        let outcome = await tx.reserve {
          await settle()
          return value
        }
        tx.drop()
        return outcome
      }
      try await expect(sending.value() == (value == nil ? .dropped : .sent))
      try await expect(receiving.value() == (value.map { [$0] } ?? []))
    }
  }

  // try_recv_after_receiver_close_with_permit: the value of a permit that is held at the end comes back.
  @Test(arguments: Kind.allCases) func permit_whenTheReceiverGoesMeanwhile_givesTheValueBack(kind: Kind)
    throws
  {
    try onRuntime {
      let alive = Instances()
      let (tx, rx) = kind.make(Tracked.self, 2)
      #expect(tx.trySend(Tracked(1, alive)) == nil)
      let outcome = await tx.reserve {
        rx.drop()
        await settle()
        return Tracked(2, alive)
      }
      guard case .closed(let value) = outcome else { return expect(false) }
      expect(value.number == 2)
      #expect(alive.now == 1 && alive.ended == 1)
      #expect(tx.tryReserve { nil }.isRefused(.closed))
    }
  }

  @Test(arguments: Kind.cloning) func reserves_thatWait_whenTheReceiverGoes_areRefused(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 1)
      #expect(tx.trySend(0) == nil)
      var reserves = HandleList<PermitOutcome<Int>>()
      for number in 0..<4 {
        let tx = tx.clone()
        reserves.append(spawnBoxed { await tx.reserve { number } })
      }
      await settle()
      rx.drop()
      try await expect(reserves.values().allSatisfy { $0 == .refused(.closed) })
      #expect(tx.waiting == 0)
    }
  }
}

extension PermitOutcome {
  fileprivate func isRefused(_ expected: ReserveError) -> Bool {
    if case .refused(let error) = self { error == expected } else { false }
  }
}
