// The ends that do not wait: they say at once what is the matter, and which size would fit.

import LogBuf
import NexusChannels
import NexusRT
import Testing

@Suite struct BytesTryTests {
  @Test func tryClaim_whenTheRingIsFull_isFull_andClaimsAgainOnceARecordWasReceived() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    #expect(tx.fill() == 4)
    expect(tx.refusal(1) == .full)
    #expect(try rx.tryTake() == record(0))
    try tx.trySend(record(4))
    for number in 1...4 { #expect(try rx.tryTake() == record(number)) }
    #expect(try rx.tryTake() == nil)
  }

  @Test(arguments: [64, 128, 1024])
  func claim_ofMoreThanTheLargestRecord_saysTheLimit_andTheLimitFits(capacity: Int) throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: capacity)
      var tx = ends.sender
      var rx = ends.receiver
      let limit = tx.largestRecord
      #expect(limit == capacity / 2 - 8)
      #expect(tx.refusal(limit + 1) == .tooLarge(limit: limit))
      #expect(await tx.claimError(limit + 1) == .tooLarge(limit: limit))
      // Wherever the ring happens to be empty.
      for number in 0..<20 {
        try await tx.send(record(number))
        #expect(try rx.tryTake() == record(number))
        try await tx.send(record(number, count: limit))
        #expect(try rx.tryTake() == record(number, count: limit))
      }
    }
  }

  @Test func tryClaim_whenTheReceiverIsGone_isClosed_alsoOnAFullRing() {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    _ = tx.fill()
    expect(!tx.isClosed)
    ends.receiver.close()
    expect(tx.isClosed)
    expect(tx.refusal(8) == .closed)
    expect(tx.refusal(100) == .tooLarge(limit: 24))
  }

  @Test func tryReceive_whenTheSendersAreGone_drainsFirst_thenIsClosedForGood() throws {
    let ends = MPSCBytes.channel(capacity: 256)
    var tx = ends.sender
    var rx = ends.receiver
    #expect(try rx.tryTake() == nil)
    var other = tx.clone()
    try tx.trySend(record(1))
    tx.close()
    try other.trySend(record(2))
    expect(!rx.isClosed)
    other.close()
    expect(!rx.isClosed)
    #expect(try rx.tryTake() == record(1))
    #expect(try rx.tryTake() == record(2))
    expect(rx.isClosed)
    #expect(throws: ReceiveError.closed) { try rx.tryTake() }
    #expect(throws: ReceiveError.closed) { try rx.tryTake() }
  }

  @Test func tryReceive_whenAnEarlierClaimIsOpen_givesNothing_andAllOnceItIsCommitted() throws {
    let ends = MPSCBytes.channel(capacity: 256)
    var first = ends.sender
    var second = first.clone()
    var rx = ends.receiver
    do {
      var open = try first.tryClaim(8)
      try second.trySend(record(2))
      #expect(try rx.tryTake() == nil)
      unsafe open.copy(from: record(1).span.bytes)
      open.commit()
    }
    #expect(try rx.tryTake() == record(1))
    #expect(try rx.tryTake() == record(2))
  }

  @Test func shortCommit_givesTheReceiverTheFirstBytes_andTheRingTheRest() throws {
    let ends = SPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    // More rounds than the ring has room for, should the rest ever be lost.
    for number in 0..<50 {
      let count = number % 24 + 1
      do {
        var claim = try tx.tryClaim(24)
        #expect(claim.count == 24)
        claim.write { bytes in
          for index in 0..<24 { bytes.storeBytes(of: UInt8(index + 1), toByteOffset: index, as: UInt8.self) }
        }
        claim.commit(count: count)
      }
      #expect(try rx.tryTake() == (1...count).map { UInt8($0) })
      #expect(try rx.tryTake() == nil)
    }
    expect(rx.bytesInUse == 0)
  }
}
