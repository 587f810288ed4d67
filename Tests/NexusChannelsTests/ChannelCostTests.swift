// What an operation costs in steady state: no allocation, whether it waits, is cancelled, or neither.

import CAllocationCounter
import Foundation
import NexusRT
import Testing

@testable import NexusChannels

private let isOptimised: Bool = {
  var isOptimised = true
  assert(
    {
      isOptimised = false
      return true
    }())
  return isOptimised
}()

@Suite(.enabled(if: allocation_count_is_available() && isOptimised)) struct ChannelCostTests {
  private let rounds = 20_000
  private let warmUp = 2_000

  @Test(arguments: [1, 64]) func values_betweenTasks_allocateNothing(capacity: Int) throws {
    let (rounds, warmUp) = (rounds, warmUp)
    try onRuntime {
      func check<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
        _ name: String, _ ends: consuming ChannelEnds<Tx, Rx>
      ) async throws where Tx.Element == Int, Rx.Element == Int {
        let sending = spawnBoxed(ends.sender) { tx in
          var tx = tx
          for number in 0..<rounds { try await tx.send(number) }
        }
        let receiving = spawnBoxed(ends.receiver) { rx -> UInt64 in
          var rx = rx
          var before: UInt64 = 0
          for number in 0..<rounds {
            if number == warmUp { before = allocation_count() }
            guard try await rx.receive() == number else { return .max }
          }
          return allocation_count() - before
        }
        try await sending.value()
        let allocations = try await receiving.value()
        expect(allocations == 0, "\(name): \(allocations) allocations")
      }
      try await check("Local", Local.channel(of: Int.self, capacity: capacity))
      try await check("SPSC", SPSC.channel(of: Int.self, capacity: capacity))
      try await check("MPSC", MPSC.channel(of: Int.self, capacity: capacity))
      try await check("MPMC", MPMC.channel(of: Int.self, capacity: capacity))
      try await check("rendezvous", MPMC.channel(of: Int.self, capacity: 0))
      try await check("unbounded", MPMC.unbounded(of: Int.self))
    }
  }

  @Test func permitsAndAttempts_allocateNothing() throws {
    let (rounds, warmUp) = (rounds, warmUp)
    try onRuntime {
      func check<Tx: ChannelSender & ~Copyable, Rx: ChannelReceiver & ~Copyable>(
        _ name: String, _ ends: consuming ChannelEnds<Tx, Rx>
      ) async throws where Tx.Element == Int, Rx.Element == Int {
        var tx = ends.sender
        var rx = ends.receiver
        var before: UInt64 = 0
        for number in 0..<rounds {
          if number == warmUp { before = allocation_count() }
          try tx.trySend(number)
          guard try rx.tryReceive() == number else { return expect(false) }
          let permit = try await tx.reserve()
          try permit.send(number)
          guard try rx.tryReceive() == number else { return expect(false) }
          _ = try tx.tryReserve()
        }
        let allocations = allocation_count() - before
        expect(allocations == 0, "\(name): \(allocations) allocations")
      }
      try await check("Local", Local.channel(of: Int.self, capacity: 2))
      try await check("SPSC", SPSC.channel(of: Int.self, capacity: 2))
      try await check("MPSC", MPSC.channel(of: Int.self, capacity: 2))
      try await check("MPMC", MPMC.channel(of: Int.self, capacity: 2))
    }
  }

  @Test(arguments: [Kind.spsc, .mpsc, .mpmc]) func values_betweenThreads_allocateNothing(kind: Kind) throws {
    let (rounds, warmUp) = (rounds, warmUp)
    let (tx, rx) = kind.make(Int.self, 16)
    // Each side must have waited before it counts: what a first wait needs stays. A moment's rest of the other side makes sure.
    let sending = Worker {
      var before: UInt64 = 0
      for number in 0..<rounds {
        if number == warmUp / 2 { Thread.sleep(forTimeInterval: 0.05) }
        if number == warmUp { before = allocation_count() }
        if tx.sendBlocking(number) != nil { return UInt64.max }
      }
      return allocation_count() - before
    }
    var before: UInt64 = 0
    for number in 0..<rounds {
      if number == warmUp / 4 { Thread.sleep(forTimeInterval: 0.05) }
      if number == warmUp { before = allocation_count() }
      if rx.receiveBlocking() != .success(number) { break }
    }
    let allocations = allocation_count() - before
    #expect(allocations == 0)
    #expect(try sending.join() == 0)
  }
}
