// Channels with several senders: how many there are, weak ones, and that the last one's end is the channel's.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelCloneTests {
  @Test(arguments: Kind.cloning) func channel_whenTheLastOfItsSendersGoes_closes(kind: Kind) throws {
    try onRuntime {
      let (tx, rx) = kind.make(Int.self, 8)
      let clones = (0..<5).map { _ in tx.clone() }
      #expect(tx.senders == 6)
      tx.drop()
      for (number, clone) in clones.enumerated() {
        #expect(clone.senders == 5 - number)
        #expect(!rx.isClosed && rx.tryReceive() == nil)
        #expect(clone.trySend(number) == nil)
        #expect(rx.tryReceive() == .success(number))
        clone.drop()
      }
      #expect(rx.isClosed && rx.tryReceive() == .failure(.closed))
    }
  }

  @Test func weakSender_ofALocalChannel_isASenderWhileOneIsLeft() throws {
    try onRuntime {
      let ends = Local.channel(of: Int.self, capacity: 2)
      let tx = ends.sender
      var rx = ends.receiver
      let weak = tx.downgrade().clone()
      do {
        guard let second = weak.upgrade() else { return expect(false) }
        expect(tx.senderCount == 2)
        tx.close()
        expect(!rx.isClosed)
        try second.trySend(1)
      }
      expect(rx.isClosed)
      expect(weak.upgrade() == nil)
      try expect(rx.tryReceive() == 1)
      rx.close()
      expect(weak.upgrade() == nil)
    }
  }

  @Test func weakSender_ofAnMPSCChannel_isASenderWhileOneIsLeft() throws {
    try onRuntime {
      let ends = MPSC.channel(of: Int.self, capacity: 2)
      let tx = ends.sender
      var rx = ends.receiver
      let weak = tx.downgrade().clone()
      do {
        guard let second = weak.upgrade() else { return expect(false) }
        expect(tx.senderCount == 2)
        tx.close()
        expect(!rx.isClosed)
        try second.trySend(1)
      }
      expect(rx.isClosed)
      expect(weak.upgrade() == nil)
      try expect(rx.tryReceive() == 1)
      rx.close()
      expect(weak.upgrade() == nil)
    }
  }

  @Test func weakSender_ofAnMPMCChannel_isASenderWhileOneIsLeft() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 2)
      var tx: MPMC.Sender<Int>? = ends.sender
      let rx = ends.receiver
      let weak = tx!.downgrade().clone()
      do {
        guard let second = weak.upgrade() else { return expect(false) }
        expect(rx.senderCount == 2 && second.receiverCount == 1)
        tx = nil
        expect(!rx.isClosed)
        try second.trySend(1)
      }
      expect(tx == nil && rx.isClosed && rx.senderCount == 0)
      expect(weak.upgrade() == nil)
      try expect(rx.tryReceive() == 1)
    }
  }

  // Of a weak sender's many upgrades on other threads, none revives a channel that closed.
  @Test func weakSender_upgradedWhileTheLastSenderGoes_isASenderOrNone() throws {
    for _ in 0..<scaled(200) {
      let ends = MPSC.channel(of: Int.self, capacity: 64)
      let weak = Handover(ends.sender.downgrade())
      let sender = Handover(ends.sender)
      let upgrading = Worker {
        let weak = weak.take()
        var sent = 0
        while let tx = weak.upgrade() {
          if (try? tx.trySend(sent)) != nil { sent += 1 }
          if sent == 40 { break }
        }
        return sent
      }
      let dropping = Worker { sender.take().close() }
      var rx = ends.receiver
      var received = 0
      while case let value = (try? rx.receiveBlocking()), value != nil {
        expect(value == received)
        received += 1
      }
      try dropping.join()
      try expect(upgrading.join() == received)
    }
  }
}
