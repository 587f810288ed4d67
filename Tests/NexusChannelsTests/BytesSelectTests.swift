// What a select is built on: registering the ends' waits without waiting, and taking them back.

import LogBuf
import NexusRT
import Testing

@testable import NexusChannels

@Suite struct BytesSelectTests {
  @Test func registerReadable_whenThereIsSomethingOrTheEnd_refuses() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      try tx.trySend(record(1))
      let wait = Wait(for: "test")
      expect(!rx.registerReadable(wait.token))
      _ = try rx.tryTake()
      tx.close()
      expect(!rx.registerReadable(wait.token))
      expect(!rx.signals.isReceiverWaiting)
      wait.giveUp()
    }
  }

  @Test func registerReadable_whenARecordComes_endsTheWait_fromThisThreadAndOthers() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var rx = ends.receiver
      let sender = Handover(ends.sender)
      let thread = Worker {
        var tx = sender.take()
        for number in 0..<200 { try tx.sendBlocking(record(number)) }
      }
      for number in 0..<200 {
        var bytes = try rx.tryTake()
        while bytes == nil {
          let wait = Wait(for: "test")
          let token = wait.token
          if rx.registerReadable(token) {
            _ = await wait.suspend()
            rx.withdrawReadable(token)
          } else {
            wait.giveUp()
          }
          bytes = try rx.tryTake()
        }
        #expect(bytes == record(number))
      }
      try thread.join()
    }
  }

  @Test func registerReadable_whenWithdrawn_isNotWoken() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      let rx = ends.receiver
      let wait = Wait(for: "test")
      let token = wait.token
      expect(rx.registerReadable(token))
      rx.withdrawReadable(token)
      try tx.trySend(record(1))
      // Nobody ended it before.
      expect(wait.giveUp())
    }
  }

  @Test func registerWritable_keepsItsTurn_andClaimsInIt() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let count = tx.fill()
      let place = tx.signals.join()
      let other = spawnBoxed(tx.clone()) { tx in
        var tx = tx
        try await tx.send(record(0, from: 1))
      }
      await settle()
      let wait = Wait(for: "test")
      let token = wait.token
      expect(tx.registerWritable(8, token, at: place))
      _ = try rx.tryTake()
      _ = try rx.tryTake()
      expect(await wait.suspend())
      tx.withdrawWritable(token)
      expect(!other.isFinished)
      let ticket = unsafe try tx.tryNow(8, at: place)
      if let ticket = unsafe ticket { unsafe ticket.commit() } else { Issue.record("no room in its turn") }
      tx.signals.leave(place)
      try await other.value()
      expect(tx.signals.queued == 0)
      for _ in 2..<count { _ = try rx.tryTake() }
      #expect(try rx.tryTake() == [UInt8](repeating: 0, count: 8))
      #expect(try rx.tryTake() == record(0, from: 1))
    }
  }
}
