// The two halves of a connection, each in a task of its own.

import Glibc
@testable import NexusRT
import Testing

@Suite struct NetworkSplitTests {
  @Test func halves_areUsedByTwoTasks_atTheSameTime() async throws {
    try await inTask {
      let count = 2 << 20
      let pair = try await streamPair()
      try pair.near.setSendBufferSize(16 << 10)
      try pair.far.setSendBufferSize(16 << 10)
      // Both directions are full most of the time, so that all four tasks wait again and again.
      let ends = HandleStack<Int>(capacity: 4)
      for stream in [Kept(pair.near), Kept(pair.far)] {
        let halves = stream.take().split()
        ends.push(
          spawnBoxed(halves.sender) { sender in
            let bytes = pattern(count)
            try await sender.sendAll(unsafe bytes.span.bytes)
            return count
          })
        ends.push(
          spawnBoxed(halves.receiver) { receiver in try await receivePattern(on: receiver, room: 5_000) })
      }
      while let end = ends.pop() { expectEqual(try await end.value(), count) }
    }
  }

  /// One waits to receive and the other to send. What ends the one's wait must not be taken for the other's, in either order.
  @Test(arguments: [false, true]) func halves_thatBothWait_areBothWoken(receiverFirst: Bool) async throws {
    try await inTask {
      let pair = try await streamPair()
      let filled = try await fill(pair.near)
      let far = pair.far
      let halves = pair.near.split()
      let sending = spawnBoxed(halves.sender) { sender in
        let bytes = plenty
        unsafe try await sender.sendAll(bytes.span.bytes)
        try await sendText("out", on: sender)
      }
      let receiving = spawnBoxed(halves.receiver) { receiver in try await receiveText(on: receiver) }
      await settle()
      expect(!sending.isFinished && !receiving.isFinished, "they do not wait")
      if receiverFirst {
        try await sendText("in", on: far)
        expectEqual(try await receiving.value(), "in")
        expect(!sending.isFinished, "there was no room")
        try await drain(far, filled + plenty.count)
        try await sending.value()
      } else {
        try await drain(far, filled + plenty.count)
        try await sending.value()
        expect(!receiving.isFinished, "nothing was sent")
        try await sendText("in", on: far)
        expectEqual(try await receiving.value(), "in")
      }
      expectEqual(try await receiveText(on: far), "out")
    }
  }

  @Test func halves_areCancelledOneByOne() async throws {
    try await inTask {
      let pair = try await streamPair()
      let filled = try await fill(pair.near)
      let far = pair.far
      let halves = pair.near.split()
      let sending = spawnBoxed(halves.sender) { sender in
        var sent = 0
        do throws(IOError) {
          let bytes = plenty
          unsafe try await sender.sendAll(bytes.span.bytes, sent: &sent)
          expect(false, "it was not cancelled")
        } catch { expect(error.isCancelled, "\(error)") }
        return sent
      }
      let receiving = spawnBoxed(halves.receiver) { receiver in try await receiveText(on: receiver) }
      await settle()
      sending.cancel()
      let sent = try await sending.value()
      expect(!receiving.isFinished)
      try await sendText("in", on: far)
      expectEqual(try await receiving.value(), "in")
      // The sender went, and all that it had sent is there.
      try await drain(far, filled + sent)
      expectEqual(try await receiveText(on: far), "")
    }
  }

  @Test func sender_thatGoes_tellsThePeer_andTheReceiverGoesOn() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      let halves = pair.near.split()
      let receiver = halves.receiver
      let sender = halves.sender
      try await sendText("last", on: sender)
      _ = consume sender
      expectEqual(try await receiveText(on: far), "last")
      expectEqual(try await receiveText(on: far), "")
      try await sendText("answer", on: far)
      expectEqual(try await receiveText(on: receiver), "answer")
    }
  }

  @Test func receiver_thatGoes_leavesTheSender_andTheLastCloses() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      let halves = pair.near.split()
      let sender = halves.sender
      let receiver = halves.receiver
      let descriptor = sender.descriptor
      expectEqual(receiver.descriptor, descriptor)
      expectEqual(receiver.peerAddress, sender.peerAddress)
      expectEqual(try receiver.localAddress, far.peerAddress)
      let address = try sender.localAddress
      _ = consume receiver
      // Not closed: it is the same socket still.
      expectEqual(try sender.localAddress, address)
      try await sendText("on", on: sender)
      expectEqual(try await receiveText(on: far), "on")
      try sender.shutdown()
      expectEqual(try await receiveText(on: far), "")
      _ = consume sender
      // Now both are gone: what is sent meets nobody.
      var failed: Int32?
      for _ in 1...100 where failed == nil { failed = await code { try await sendText("x", on: far) } }
      expect(failed == EPIPE || failed == ECONNRESET, "\(failed ?? 0)")
    }
  }

  @Test func receiver_thatIsShutDown_givesWhatCame_andThenTheEnd() async throws {
    try await inTask {
      let pair = try await streamPair()
      try await sendText("came", on: pair.far)
      let halves = pair.near.split()
      let sender = halves.sender
      let receiver = halves.receiver
      try receiver.shutdown()
      expectEqual(try await receiveText(on: receiver), "came")
      expectEqual(try await receiveText(on: receiver), "")
      try await sendText("on", on: sender)
      expectEqual(try await receiveText(on: pair.far), "on")
    }
  }

  @Test func halves_ofOneStream_areReunited_andThePeerNoticesNothing() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      let descriptor = pair.near.descriptor
      let peer = pair.near.peerAddress
      var stream = pair.near
      for round in 1...3 {
        let halves = stream.split()
        let receiver = halves.receiver
        let sender = halves.sender
        stream = try TCPStream.reunite(receiver, sender)
        expectEqual(stream.descriptor, descriptor)
        expectEqual(stream.peerAddress, peer)
        try await sendText("out \(round)", on: stream)
        expectEqual(try await receiveText(on: far), "out \(round)")
        try await sendText("in \(round)", on: far)
        expectEqual(try await receiveText(on: stream), "in \(round)")
      }
    }
  }

  @Test func halves_ofTwoStreams_areGivenBack() async throws {
    try await inTask {
      let one = try await streamPair()
      let two = try await streamPair()
      let farOne = one.far
      let farTwo = two.far
      let first = one.near.split()
      let second = two.near.split()
      let secondReceiver = second.receiver
      let firstSender = first.sender
      do throws(ReuniteError) {
        _ = try TCPStream.reunite(first.receiver, second.sender)
        expect(false, "two streams are one")
      } catch {
        expect("\(error)".contains("\(farOne.localAddressText)") && "\(error)".contains("takeHalves"))
        guard let halves = error.takeHalves() else {
          expect(false, "nothing was given back")
          return
        }
        expect(error.takeHalves() == nil, "they were given twice")
        let receiver = halves.receiver
        let sender = halves.sender
        // They are what they were.
        try await sendText("in", on: farOne)
        expectEqual(try await receiveText(on: receiver), "in")
        try await sendText("out", on: sender)
        expectEqual(try await receiveText(on: farTwo), "out")
        let whole = try TCPStream.reunite(secondReceiver, sender)
        try await sendText("whole", on: whole)
        expectEqual(try await receiveText(on: farTwo), "whole")
        let other = try TCPStream.reunite(receiver, firstSender)
        try await sendText("too", on: other)
        expectEqual(try await receiveText(on: farOne), "too")
      }
    }
  }

  @Test func halves_thatWereTakenOutOfTheError_areClosedWhenTheyGo_thoughItStays() async throws {
    try await inTask {
      let one = try await streamPair()
      let two = try await streamPair()
      let far = one.far
      let first = one.near.split()
      let second = two.near.split()
      let sender = first.sender
      var error: ReuniteError?
      do throws(ReuniteError) { _ = try TCPStream.reunite(first.receiver, second.sender) } catch let failure {
        error = failure
      }
      _ = consume sender
      _ = error?.takeHalves()
      // Nobody has the first stream any more: what is sent meets nobody.
      var failed: Int32?
      for _ in 1...100 where failed == nil { failed = await code { try await sendText("x", on: far) } }
      expect(failed == EPIPE || failed == ECONNRESET, "\(failed ?? 0)")
      // It still says which they were.
      expect(error?.description.contains("\(far.localAddressText)") == true)
    }
  }

  @Test func halves_thatNobodyTookOutOfTheError_areClosed() async throws {
    try await inTask {
      let one = try await streamPair()
      let two = try await streamPair()
      let farTwo = two.far
      let first = one.near.split()
      let second = two.near.split()
      let receiver = second.receiver
      do throws(ReuniteError) { _ = try TCPStream.reunite(first.receiver, second.sender) } catch {}
      // The sender went with the error, its receiver is here.
      expectEqual(try await receiveText(on: farTwo), "")
      try await sendText("still", on: farTwo)
      expectEqual(try await receiveText(on: receiver), "still")
      let sender = first.sender
      try await sendText("on", on: sender)
      expectEqual(try await receiveText(on: one.far), "on")
    }
  }
}

extension TCPStream {
  fileprivate borrowing func localAddressTextOrThrow() throws -> String { "\(try localAddress)" }
  fileprivate var localAddressText: String { (try? localAddressTextOrThrow()) ?? "" }
}
