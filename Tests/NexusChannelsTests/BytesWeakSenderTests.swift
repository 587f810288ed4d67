// A weak sender becomes a sender while there is one, and does not keep the channel open.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesWeakSenderTests {
  @Test func upgrade_whileThereIsASender_sendsThroughTheSameChannel() throws {
    let ends = MPSCBytes.channel(capacity: 256)
    let tx = ends.sender
    var rx = ends.receiver
    let weak = tx.downgrade()
    do {
      var other = try upgraded(weak)
      try other.trySend(record(1))
      tx.close()
      // Not closed: the upgraded one is a sender like any other.
      #expect(try rx.tryTake() == record(1))
      #expect(try rx.tryTake() == nil)
      var third = try upgraded(weak)
      try third.trySend(record(2))
    }
    #expect(try rx.tryTake() == record(2))
    #expect(throws: ReceiveError.closed) { try rx.tryTake() }
    expect(weak.upgrade() == nil)
  }

  @Test func receive_whenOnlyWeakSendersAreLeft_isClosed() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      let tx = ends.sender
      let weak = tx.downgrade()
      let receiving = spawnBoxed(ends.receiver) { rx in
        var rx = rx
        return await rx.receiveError()
      }
      await settle()
      tx.close()
      let error = try await receiving.value()
      #expect(error == .closed)
      expect(weak.upgrade() == nil)
    }
  }

  @Test func upgrade_whenTheReceiverIsGone_givesASenderThatIsClosed() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    let tx = ends.sender
    let weak = tx.downgrade()
    ends.receiver.close()
    var other = try upgraded(weak)
    expect(other.isClosed)
    expect(other.refusal(8) == .closed)
    tx.close()
  }

  @Test func weakSender_whenItOutlivesTheChannel_keepsItsMemory_andGivesNothing() {
    let ends = MPSCBytes.channel(capacity: 64)
    weak var signals: BytesSignals?
    do {
      let weakSender = ends.sender.downgrade()
      let copy = weakSender
      signals = ends.sender.signals
      ends.sender.close()
      ends.receiver.close()
      expect(weakSender.upgrade() == nil)
      expect(copy.upgrade() == nil)
      expect(signals != nil)
    }
    expect(signals == nil)
  }

  @Test func upgrade_whenTheRingHasGoneRound_stillFindsItsRoom() throws {
    let ends = MPSCBytes.channel(capacity: 64)
    var tx = ends.sender
    var rx = ends.receiver
    let weak = tx.downgrade()
    for number in 0..<1_000 {
      try tx.trySend(record(number))
      var other = try upgraded(weak)
      try other.trySend(record(number, from: 1))
      #expect(try rx.tryTake() == record(number))
      #expect(try rx.tryTake() == record(number, from: 1))
    }
  }

  /// The last sender leaves while others upgrade: either they are in time, and what they send arrives, or they get none.
  @Test func upgrade_whenItRacesWithTheLastSender_sendsOrIsRefused() throws {
    for round in 0..<scaled(300) {
      let ends = MPSCBytes.channel(capacity: 256)
      let weak = ends.sender.downgrade()
      let receiver = Handover(ends.receiver)
      let sender = Handover(ends.sender)
      let thread = Worker { () -> Int in
        var sent = 0
        while var tx = weak.upgrade() {
          if (try? tx.trySend(record(sent))) != nil { sent += 1 }
        }
        return sent
      }
      let closer = Worker { sender.take().close() }
      let received = try onRuntime {
        var rx = receiver.take()
        return try await rx.takeAll().count
      }
      try closer.join()
      #expect(try thread.join() == received, "round \(round)")
    }
  }
}

/// `#require` for what cannot be copied.
private func upgraded(_ weak: MPSCBytes.WeakSender) throws -> MPSCBytes.Sender {
  guard let sender = weak.upgrade() else { throw NoSender() }
  return sender
}

private struct NoSender: Error {}
