// What a record costs besides its bytes: no allocation, and no call of the kernel while its receiver is awake. Counted, in
// steady state.

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

@Suite(.enabled(if: allocation_count_is_available())) struct BytesCostTests {
  @Test(.enabled(if: isOptimised), arguments: [64, 4_096]) func records_betweenTasks_allocateNothing(
    capacity: Int
  ) throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: capacity)
      let records = 50_000
      let producer = spawnBoxed(ends.sender) { sender in
        var sender = sender
        for number in 0..<records {
          var claim = try await sender.claim(24)
          claim.write { $0.storeBytes(of: number, as: Int.self) }
          claim.commit()
        }
      }
      let consumer = spawnBoxed(ends.receiver) { receiver -> (count: Int, allocations: UInt64) in
        var receiver = receiver
        var before: UInt64 = 0
        for number in 0..<records {
          // The first rounds make what is used again: residents, places in the queue.
          if number == 1_000 { before = allocation_count() }
          var record = try await receiver.receive()
          guard unsafe record.bytes.unsafeLoad(as: Int.self) == number else { return (number, 0) }
        }
        return (records, allocation_count() - before)
      }
      try await producer.value()
      let (count, allocations) = try await consumer.value()
      expect(count == records)
      expect(allocations == 0, "\(allocations) allocations")
    }
  }

  @Test(.enabled(if: isOptimised)) func records_fromAThread_allocateNothingInEither() throws {
    let ends = SPSCBytes.channel(capacity: 4_096)
    let records = 50_000
    let handover = Handover(ends.sender)
    let thread = Worker {
      var sender = handover.take()
      var before: UInt64 = 0
      for number in 0..<records {
        if number == 1_000 { before = allocation_count() }
        var claim = try sender.claimBlocking(24)
        claim.write { $0.storeBytes(of: number, as: Int.self) }
        claim.commit()
      }
      return allocation_count() - before
    }
    let receiver = Handover(ends.receiver)
    let (sum, allocations) = try onRuntime {
      var receiver = receiver.take()
      var before: UInt64 = 0
      var sum = 0
      var count = 0
      while count < records {
        if count < 1_000 { before = allocation_count() }
        var batch = try await receiver.receiveBatch()
        while let bytes = batch.next() {
          sum += unsafe bytes.unsafeLoad(as: Int.self)
          count += 1
        }
      }
      return (sum, allocation_count() - before)
    }
    let inThread = try thread.join()
    #expect(sum == records * (records - 1) / 2)
    #expect(allocations == 0)
    #expect(inThread == 0)
  }

  @Test func receiver_thatIsAwake_isNotWokenForEachRecord() throws {
    let ends = MPSCBytes.channel(capacity: 1 << 16)
    let records = 2_000
    let receiver = Handover(ends.receiver)
    let sender = Handover(ends.sender)
    try onRuntime {
      var receiver = receiver.take()
      let before = runtimeCounters()
      let thread = Worker {
        var sender = sender.take()
        for number in 0..<records { try sender.trySend(record(number)) }
      }
      // Synchronous: the loop does not park meanwhile, and the receiver does not wait.
      try thread.join()
      for number in 0..<records { try expect(receiver.tryTake() == record(number)) }
      await yield()
      expect(runtimeCounters().foreignWakes == before.foreignWakes)
      expect(runtimeCounters().enters == before.enters)
    }
  }
}
