// A byte channel's readiness as an arm of a select.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct SelectBytesTests {
  @Test func readable_whenARecordIsThere_wins_andTheRecordIsReceived() throws {
    try onRuntime {
      let ends = SPSCBytes.channel(capacity: 256)
      var tx = ends.sender
      var rx = ends.receiver
      try await tx.send(record(7))
      switch try await select(rx.readable(), Alarm.after(.seconds(60))) {
      case .first: break
      case .second: expect(false, "the alarm won")
      }
      let taken = try rx.tryTake()
      expect(taken == record(7))
    }
  }

  @Test func readable_whenNothingComes_losesToTheAlarm_andNothingStaysRegistered() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 256)
      let tx = ends.sender
      var rx = ends.receiver
      let signals = rx.signals
      for _ in 0..<3 {
        guard case .second = try await select(rx.readable(), Alarm.after(.microseconds(200))) else {
          expect(false, "an empty channel was readable")
          return
        }
        expect(!signals.receiver.isSet)
      }
      tx.close()
      guard case .first = try await select(rx.readable(), Alarm.after(.seconds(60))) else {
        expect(false, "the end of the last sender was not told")
        return
      }
    }
  }

  /// The room of dropped claims is all that a sender waits for, and the select is all that looks at them.
  @Test func readable_whenTheRingIsFullOfDroppedClaims_wakesTheSenderBehindThem() throws {
    try onRuntime {
      let ends = MPSCBytes.channel(capacity: 64)
      var tx = ends.sender
      var rx = ends.receiver
      let blocked = Handover(tx.clone())
      while tx.refusal(8) == nil {}
      let worker = Worker {
        var tx = blocked.take()
        try tx.sendBlocking(record(3), until: .after(.seconds(20)))
      }
      // It sleeps: only a wake makes it look once more.
      while !rx.signals.firstSender.isSet { try await sleep(for: .milliseconds(1)) }
      switch try await select(rx.readable(), Alarm.after(.seconds(10))) {
      case .first: expect(try rx.tryTake() == record(3))
      case .second: expect(false, "the sender was not told of the room")
      }
      try worker.join()
    }
  }

  @Test(arguments: [64, 256, 4096])
  func readable_besideATypedChannel_losesNoRecord(capacity: Int) throws {
    let bytes = MPSCBytes.channel(capacity: capacity)
    let typed = SPSC.channel(of: Int.self, capacity: 4)
    let bytesSender = Handover(bytes.sender)
    let typedSender = Handover(typed.sender)
    let bytesReceiver = Handover(bytes.receiver)
    let typedReceiver = Handover(typed.receiver)
    let count = scaled(20_000)
    let first = Worker {
      var tx = bytesSender.take()
      for number in 0..<count { try tx.sendBlocking(record(number)) }
    }
    let second = Worker {
      var tx = typedSender.take()
      for number in 0..<count { try tx.sendBlocking(number) }
    }
    try onRuntime {
      var rx = bytesReceiver.take()
      var numbers = typedReceiver.take()
      var (records, values) = (0, 0)
      var isOpen = (true, true)
      while isOpen.0 || isOpen.1 {
        if !isOpen.0 {
          if let value = try await numbers.next() { expect(value == values) } else { isOpen.1 = false }
          values += 1
          continue
        }
        switch try await select(rx.readable(), numbers.receiving()) {
        case .first:
          do throws(ReceiveError) {
            while let bytes = try rx.tryTake() {
              expect(origin(of: bytes).number == records)
              records += 1
            }
          } catch { isOpen.0 = false }
        case .second(let value?):
          expect(value == values)
          values += 1
        case .second(nil):
          isOpen.1 = false
          // From here on the closed arm is always ready: drain the other.
          do throws(ReceiveError) {
            while true {
              let bytes = try await rx.take()
              expect(origin(of: bytes).number == records)
              records += 1
            }
          } catch { isOpen.0 = false }
        }
      }
      expect(records == count, "\(records) of \(count) records")
    }
    try first.join()
    try second.join()
  }
}
