// A dropped claim leaves a skip: the receiver never sees it, but it can be all that stood before what others wait for.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesSkipTests {
  @Test func receive_whenTheOpenClaimBeforeARecordIsDropped_isWokenAndGetsTheRecord() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 256)
      var first = ends.sender
      var second = first.clone()
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return try await rx.take()
      }
      do {
        let open = try first.tryClaim(16)
        try second.trySend(record(1))
        await settle()
        expect(!receiving.isFinished)
        drop(open)
      }
      let bytes = try await receiving.value()
      #expect(bytes == record(1))
    }
  }

  @Test func claim_whenTheRingIsFullOfDroppedClaims_goesOnOnceTheReceiverLooks() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      while tx.refusal(8) == nil {}
      let sending = spawnBoxed(tx) { tx in
        var tx = tx
        try await tx.send(record(1))
      }
      await settle()
      expect(!sending.isFinished)
      #expect(try rx.tryTake() == nil)
      try await sending.value()
      #expect(try rx.tryTake() == record(1))
    }
  }

  @Test func receive_whenOnlySkipsArrive_keepsWaiting_andWakesTheSenderBehindThem() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return try await rx.take()
      }
      var tx = ends.sender
      await settle()
      for _ in 0..<100 { #expect(await tx.claimError(24) == nil) }
      await settle()
      expect(!receiving.isFinished)
      try await tx.send(record(1))
      let bytes = try await receiving.value()
      #expect(bytes == record(1))
    }
  }

  @Test func droppedClaim_whenItWasWrittenTo_leavesNothingForTheNextOne() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    for _ in 0..<20 {
      do {
        var claim = try tx.tryClaim(24)
        claim.write { bytes in
          for index in 0..<24 { bytes.storeBytes(of: 0xFF, toByteOffset: index, as: UInt8.self) }
        }
      }
      #expect(try rx.tryTake() == nil)
      do { try tx.tryClaim(24).commit() }
      #expect(try rx.tryTake() == Array(repeating: 0, count: 24))
    }
  }
}

private func drop(_ claim: consuming BytesClaim) {}
