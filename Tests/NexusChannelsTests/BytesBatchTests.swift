// A batch takes what is there and gives it back at once: a waiting sender is called when the batch ends, once, and not for
// each record.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesBatchTests {
  @Test func batch_whenRecordsAreThere_givesThemAll_andWakesTheSenderAtItsEnd() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let signals = tx.signals
      let count = tx.fill()
      let sending = spawnBoxed(tx) { tx in
        var tx = tx
        try await tx.send(record(count))
      }
      await settle()
      do {
        var batch = try await rx.receiveBatch()
        for number in 0..<count {
          let bytes = nextContents(&batch)
          #expect(bytes == record(number))
        }
        expect(batch.next() == nil)
        await settle()
        #expect(signals.queued == 1)
      }
      try await sending.value()
      try await expect(rx.take() == record(count))
    }
  }

  @Test func batch_whenARecordIsCommittedMeanwhile_givesItToo() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 256)
      var tx = ends.sender
      var rx = ends.receiver
      try tx.trySend(record(1))
      var batch = try await rx.receiveBatch()
      let first = nextContents(&batch)
      #expect(first == record(1))
      try tx.trySend(record(2))
      let second = nextContents(&batch)
      #expect(second == record(2))
      expect(batch.next() == nil)
    }
  }

  @Test func receiveBatch_whenItWaits_isWokenByARecord_byTheEnd_andByCancellation() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        let count = try await batchCount(&rx)
        do { _ = try await batchCount(&rx) } catch { return (count, error as? ReceiveError) }
        return (count, nil)
      }
      var tx = ends.sender
      await settle()
      try tx.trySend(record(1))
      try tx.trySend(record(2))
      await settle()
      tx.close()
      let (count, error) = try await receiving.value()
      #expect(count == 2 && error == .closed)

      let others = SPSCBytes.channel(capacity: 64)
      let other = others.sender
      let signals = other.signals
      let waiting = spawnBoxed(others.receiver) { rx in
        var rx = rx
        do { _ = try await batchCount(&rx) } catch { return error as? ReceiveError }
        return nil
      }
      await settle()
      waiting.cancel()
      let cancelled = try await waiting.value()
      #expect(cancelled == .cancelled)
      #expect(!signals.isReceiverWaiting)
      other.close()
    }
  }
}

nonisolated(nonsending) private func batchCount(_ receiver: inout BytesReceiver) async throws -> Int {
  var batch = try await receiver.receiveBatch()
  var count = 0
  while batch.next() != nil { count += 1 }
  return count
}

private func nextContents(_ batch: inout BytesBatch) -> [UInt8]? {
  guard let bytes = batch.next() else { return nil }
  return contents(bytes)
}
