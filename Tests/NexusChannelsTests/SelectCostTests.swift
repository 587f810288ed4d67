// What selects, held futures and time limits cost: no allocation in steady state.

import CAllocationCounter
import NexusRT
import Testing

@testable import NexusChannels

/// Whether the compiler has removed the boxes and thunks of closures, which allocate.
private let isOptimised: Bool = {
  var isOptimised = true
  assert(
    {
      isOptimised = false
      return true
    }())
  return isOptimised
}()

@Suite(.enabled(if: allocation_count_is_available())) struct SelectCostTests {
  private static let rounds = 20_000

  @Test(.enabled(if: isOptimised), arguments: [0, 1, 64]) func selects_thatWait_allocateNothing(capacity: Int)
    throws
  {
    try onRuntime {
      let a = channel(capacity)
      let b = channel(capacity)
      let producer = spawnBoxed(a.sender.clone(), b.sender.clone()) { first, second in
        for number in 0..<SelectCostTests.rounds {
          if number % 2 == 0 { try await first.send(number) } else { try await second.send(number) }
        }
      }
      var before: UInt64 = 0
      var sum = 0
      for round in 0..<SelectCostTests.rounds {
        if round == 1_000 { before = allocation_count() }
        switch try await select(
          a.receiver.receiving(), b.receiver.receiving(), Alarm.after(.seconds(1_000)))
        {
        case .first(let value), .second(let value): sum += value ?? 0
        case .third: break
        }
      }
      let allocations = allocation_count() - before
      #expect(allocations == 0)
      #expect(sum == SelectCostTests.rounds * (SelectCostTests.rounds - 1) / 2)
      try await producer.value()
    }
  }

  @Test(.enabled(if: isOptimised)) func futures_thatArePolledAndDropped_allocateNothing() throws {
    try onRuntime {
      let ends = channel(1)
      func round() throws {
        do {
          var receive = ends.receiver.receiving()
          let wait = Wait(for: "test")
          let value = try receive.poll(waking: wait.token)
          wait.giveUp()
          if value != nil { Issue.record("there was a value") }
        }
        try ends.sender.trySend(1)
        do {
          var send = ends.sender.sending(2)
          let wait = Wait(for: "test")
          let isSent = try send.poll(waking: wait.token)
          wait.giveUp()
          if isSent { Issue.record("there was room") }
        }
        _ = try ends.receiver.tryReceive()
      }
      for _ in 0..<100 { try round() }
      let before = allocation_count()
      for _ in 0..<SelectCostTests.rounds { try round() }
      let allocations = allocation_count() - before
      #expect(allocations == 0)
    }
  }

  @Test(.enabled(if: isOptimised)) func timeLimits_aroundReceives_allocateNothing() throws {
    try onRuntime {
      let ends = SPSC.channel(of: Int.self, capacity: 4)
      let producer = spawnBoxed(ends.sender) { tx in
        var tx = tx
        for number in 0..<SelectCostTests.rounds { try await tx.send(number) }
      }
      var receiver = ends.receiver
      var before: UInt64 = 0
      for round in 0..<SelectCostTests.rounds {
        if round == 1_000 { before = allocation_count() }
        let value = try await withTimeout(.seconds(1_000)) { try await receiver.receive() }
        if value != round { Issue.record("\(value) came in round \(round)") }
      }
      let allocations = allocation_count() - before
      #expect(allocations == 0)
      try await producer.value()
    }
  }
}
