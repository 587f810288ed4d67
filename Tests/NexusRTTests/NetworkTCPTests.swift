// Connections: made, refused, used in both directions, ended in every way.

import Glibc
@testable import NexusRT
import Testing

@Suite struct NetworkTCPTests {
  // MARK: Connecting

  @Test(arguments: [IPFamily.v4, .v6]) func connect_isConnected_whenItReturns_andBothKnowEachOther(
    family: IPFamily
  ) async throws {
    try await inTask {
      let listener = try TCPListener(at: .loopback(family, port: 0))
      expect(listener.port != 0)
      let near = try await TCPStream.connect(to: listener.localAddress)
      // Connected and not on its way: what needs a connection works at once.
      expectEqual(try SystemSocket.peerAddress(near.descriptor), listener.localAddress)
      let far = try await listener.accept()
      expectEqual(near.peerAddress, listener.localAddress)
      expectEqual(far.peerAddress, try near.localAddress)
      expectEqual(try far.localAddress, listener.localAddress)
      try await sendText("ping", on: near)
      expectEqual(try await receiveText(on: far), "ping")
      try await sendText("pong", on: far)
      expectEqual(try await receiveText(on: near), "pong")
    }
  }

  @Test func connect_whenNobodyListens_isECONNREFUSED() async throws {
    try await inTask {
      // Bound and not listening: the port stays free of others meanwhile.
      let socket = try TCPSocket(.v4)
      try socket.bind(to: .loopback(port: 0))
      for _ in 1...20 {
        do throws(IOError) {
          _ = try await TCPStream.connect(to: try socket.localAddress)
          expect(false, "somebody listened")
        } catch { expectEqual(error, IOError(operation: "connect", code: ECONNREFUSED)) }
      }
    }
  }

  @Test func connect_whenTheFirstTryIsInterrupted_isConnectedAllTheSame() async throws {
    try await inTask {
      let listener = try TCPListener(at: .loopback(port: 0))
      let seen = Shared<[Int32]>([])
      setResultFilter { result in
        seen.value.append(result)
        return seen.value.count == 1 ? -EINTR : result
      }
      let near = try await TCPStream.connect(to: listener.localAddress)
      setResultFilter(nil)
      expectEqual(seen.value, [0, -EISCONN])
      let far = try await listener.accept()
      try await sendText("x", on: near)
      expectEqual(try await receiveText(on: far), "x")
    }
  }

  @Test func connect_whenCancelled_ends() async throws {
    try await inTask {
      let full = try await fullListener()
      let address = full.address
      for _ in 1...5 {
        let task = spawnBoxed { _ = try await TCPStream.connect(to: address) }
        await settle()
        try await sleep(for: .milliseconds(2))
        expect(!task.isFinished, "it was connected")
        task.cancel()
        expectEqual(await code(of: task), ECANCELED)
      }
    }
  }

  @Test func connect_whenItsTimeIsUp_isATimeout() async throws {
    try await inTask {
      let full = try await fullListener()
      do {
        _ = try await withTimeout(.milliseconds(30)) { try await TCPStream.connect(to: full.address) }
        expect(false, "it was connected")
      } catch { expect(error is TimeoutError, "\(error)") }
    }
  }

  @Test func connect_whenTheTaskIsCancelledAlready_doesNotBegin() async throws {
    try await inTask {
      let listener = try TCPListener(at: .loopback(port: 0))
      let address = listener.localAddress
      let task = spawnBoxed { _ = try await TCPStream.connect(to: address) }
      task.cancel()
      expectEqual(await code(of: task), ECANCELED)
    }
  }

  @Test(arguments: seeds(2)) func connect_racingWithItsCancellation_isConnectedOrCancelled(seed: UInt64)
    async throws
  {
    try await inTask {
      var random = SeededGenerator(seed: seed)
      let bound = try TCPListener(at: .loopback(port: 0), backlog: 512)
      let address = bound.localAddress
      let connected = Shared(0)
      for _ in 1...200 {
        let task = spawnBoxed {
          let stream = try await TCPStream.connect(to: address)
          // What was returned is a connection.
          _ = try SystemSocket.peerAddress(stream.descriptor)
          connected.value += 1
        }
        for _ in 0..<Int.random(in: 0..<4, using: &random) { await yield() }
        task.cancel()
        let code = await code(of: task)
        expect(code == nil || code == ECANCELED, "errno \(code ?? 0)")
      }
      expect(connected.value > 0, "every one was cancelled")
    }
  }

  @Test func socket_isBoundBeforeItConnects_andListens() async throws {
    try await inTask {
      let waiting = try TCPSocket(.v4)
      try waiting.bind(to: .loopback(port: 0))
      try waiting.setNoDelay(true)
      let listener = try waiting.listen(backlog: 16)
      let socket = try TCPSocket(.v4)
      try socket.bind(to: SocketAddress(host: IPAddress(127, 0, 0, 2), port: 0))
      let from = try socket.localAddress
      let near = try await socket.connect(to: listener.localAddress)
      let far = try await listener.accept()
      expectEqual(far.peerAddress, from)
      expectEqual(try near.localAddress, from)
      expect(try far.noDelay, "a connection inherits it")
    }
  }

  // MARK: Sending and receiving

  @Test func sendAll_ofMoreThanTheKernelTakes_goesOnAfterShortSends() async throws {
    try await inTask {
      let pair = try await streamPair()
      try pair.near.setSendBufferSize(32 << 10)
      let bytes = pattern(8 << 20)
      let count = bytes.count
      let first = try await pair.near.send(unsafe bytes.span.bytes)
      expect(first < count, "the kernel took all at once")
      let far = pair.far
      let receiving = spawnBoxed(far) { far in try await receivePattern(on: far) }
      var sent = first
      try await pair.near.sendAll(unsafe bytes.span.bytes, sent: &sent)
      expectEqual(sent, count)
      try pair.near.shutdown(.write)
      expectEqual(try await receiving.value(), count)
    }
  }

  @Test func sendAll_whenItsTimeIsUp_saysHowMuchWasSent_andGoesOnThere() async throws {
    try await inTask {
      let pair = try await streamPair()
      let bytes = pattern(8 << 20)
      var sent = 0
      do {
        try await withTimeout(.milliseconds(50)) {
          try await pair.near.sendAll(unsafe bytes.span.bytes, sent: &sent)
        }
        expect(false, "nobody received, and all was sent")
      } catch { expect(error is TimeoutError, "\(error)") }
      expect(sent > 0 && sent < bytes.count, "\(sent) bytes were sent")
      let far = pair.far
      let receiving = spawnBoxed(far) { far in try await receivePattern(on: far) }
      try await pair.near.sendAll(unsafe bytes.span.bytes, sent: &sent)
      try pair.near.shutdown(.write)
      expectEqual(try await receiving.value(), bytes.count)
    }
  }

  @Test func receiveAll_fillsItsBuffer_fromPieces_andStopsAtTheEnd() async throws {
    try await inTask {
      let pair = try await streamPair()
      let near = pair.near
      let sending = spawnBoxed(near) { near in
        for piece in ["ab", "c", "defgh", "ij"] {
          try await sendText(piece, on: near)
          await settle()
        }
      }
      var buffer = IOBuffer(count: 8)
      var bytes = buffer.mutableBytes
      expectEqual(try await pair.far.receiveAll(into: &bytes), 8)
      expectEqual(text(buffer.bytes, 8), "abcdefgh")
      var rest = buffer.mutableBytes
      expectEqual(try await pair.far.receiveAll(into: &rest), 2)
      expectEqual(text(buffer.bytes, 2), "ij")
      try await sending.value()
    }
  }

  @Test func receiveAll_whenItsTimeIsUp_keepsWhatCame_andGoesOnThere() async throws {
    try await inTask {
      let pair = try await streamPair()
      try await sendText("abc", on: pair.near)
      var buffer = IOBuffer(count: 6)
      var bytes = buffer.mutableBytes
      var received = 0
      do {
        _ = try await withTimeout(.milliseconds(50)) {
          try await pair.far.receiveAll(into: &bytes, received: &received)
        }
        expect(false, "there were only three bytes")
      } catch { expect(error is TimeoutError, "\(error)") }
      expectEqual(received, 3)
      try await sendText("def", on: pair.near)
      expect(try await pair.far.receiveAll(into: &bytes, received: &received))
      expectEqual(received, 6)
      expectEqual(text(buffer.bytes, 6), "abcdef")
    }
  }

  @Test func peek_leavesTheBytes() async throws {
    try await inTask {
      let pair = try await streamPair()
      var buffer = IOBuffer(count: 3)
      let near = pair.near
      let sending = spawnBoxed(near) { near in
        await settle()
        try await sendText("hello", on: near)
      }
      for _ in 1...2 {
        var bytes = buffer.mutableBytes
        expectEqual(try await pair.far.peek(into: &bytes), 3)
        expectEqual(text(buffer.bytes, 3), "hel")
      }
      var bytes = buffer.mutableBytes
      expectEqual(try pair.far.tryPeek(into: &bytes), 3)
      expectEqual(try await receiveText(on: pair.far), "hello")
      try await sending.value()
    }
  }

  @Test func tryReceive_andTrySend_neverWait() async throws {
    // Not in a task: they are system calls and no more.
    let (near, far) = try await inTask {
      let pair = try await streamPair()
      return (pair.near.release(), pair.far.release())
    }
    try await onThread {
      let near = try TCPStream(adopting: near)
      let far = try TCPStream(adopting: far)
      var buffer = IOBuffer(count: 8)
      var bytes = buffer.mutableBytes
      expect(try far.tryReceive(into: &bytes) == nil)
      expect(try far.tryPeek(into: &bytes) == nil)
      let hi = Array("hi".utf8)
      expectEqual(try near.trySend(unsafe hi.span.bytes), 2)
      // Loopback delivers before the send returns.
      expectEqual(try far.tryReceive(into: &bytes), 2)
      let many = [UInt8](repeating: 7, count: 1 << 16)
      var filled = 0
      while let count = try near.trySend(unsafe many.span.bytes) { filled += count }
      expect(filled > 0)
      try near.shutdown(.write)
      do throws(IOError) {
        _ = try near.trySend(unsafe hi.span.bytes)
        expect(false, "it was sent after the end")
      } catch { expectEqual(error, IOError(operation: "trySend", code: EPIPE)) }
      var taken = 0
      while let count = try far.tryReceive(into: &bytes), count > 0 { taken += count }
      expectEqual(taken, filled)
      expectEqual(try far.tryReceive(into: &bytes), 0)
    }
  }

  // MARK: Ends

  @Test func shutdown_ofOneDirection_leavesTheOther() async throws {
    try await inTask {
      let pair = try await streamPair()
      try await sendText("last", on: pair.near)
      try pair.near.shutdown(.write)
      expectEqual(try await receiveText(on: pair.far), "last")
      expectEqual(try await receiveText(on: pair.far), "")
      expectEqual(await code { try await sendText("more", on: pair.near) }, EPIPE)
      try await sendText("answer", on: pair.far)
      expectEqual(try await receiveText(on: pair.near), "answer")
    }
  }

  @Test func shutdown_ofReading_endsAWaitingReceive() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      let shared = Kept(far)
      let waiting = spawnBoxed { try await receiveText(on: shared.value!) }
      await settle()
      try shared.value!.shutdown(.read)
      expectEqual(try await waiting.value(), "")
      try await sendText("still", on: shared.value!)
      expectEqual(try await receiveText(on: pair.near), "still")
    }
  }

  @Test func shutdown_ofBoth_endsBoth() async throws {
    try await inTask {
      let pair = try await streamPair()
      try pair.near.shutdown(.both)
      expectEqual(try await receiveText(on: pair.near), "")
      expectEqual(await code { try await sendText("x", on: pair.near) }, EPIPE)
      expectEqual(try await receiveText(on: pair.far), "")
    }
  }

  @Test func stream_thatGoes_isClosed() async throws {
    try await inTask {
      let pair = try await streamPair()
      _ = consume pair.near
      expectEqual(try await receiveText(on: pair.far), "")
    }
  }

  /// SIGPIPE would end the process.
  @Test func send_whenThePeerIsGone_isAnError_andNoSignal() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      _ = consume pair.near
      let bytes = [UInt8](repeating: 1, count: 100)
      var error: IOError?
      for _ in 1...100 where error == nil {
        do throws(IOError) { _ = try await far.send(unsafe bytes.span.bytes) } catch let failure {
          error = failure
        }
      }
      expect(error?.code == EPIPE || error?.code == ECONNRESET, "\(error?.description ?? "no error")")
      expectEqual(await code { try await far.sendAll(unsafe bytes.span.bytes) }, EPIPE)
    }
  }

  @Test func reset_byThePeer_isECONNRESET_alsoForAWaitingReceive() async throws {
    try await inTask {
      let pair = try await streamPair()
      let far = pair.far
      let waiting = spawnBoxed(far) { far in
        let first = await code { _ = try await receiveText(on: far) }
        let second = await code { try await sendText("x", on: far) }
        // Its peer is known though it is gone.
        expect(far.peerAddress.port != 0)
        return [first, second]
      }
      await settle()
      try pair.near.setLinger(.zero)
      _ = consume pair.near
      expectEqual(try await waiting.value(), [ECONNRESET, EPIPE])
    }
  }

  @Test func reset_whenNobodyWaits_isFoundByTakeError_once() async throws {
    try await inTask {
      let pair = try await streamPair()
      expect(try pair.far.takeError() == nil)
      try pair.near.setLinger(.zero)
      _ = consume pair.near
      expectEqual(try pair.far.takeError()?.code, ECONNRESET)
      expect(try pair.far.takeError() == nil)
    }
  }

  // MARK: Descriptors

  @Test func descriptor_isReleased_andAdopted_alsoIfItIsNonblocking() async throws {
    try await inTask {
      let pair = try await streamPair()
      let descriptor = pair.near.release()
      expect(isOpen(descriptor))
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
      let far = pair.far
      let peer = try far.localAddress
      let adopted = try TCPStream(adopting: descriptor)
      expectEqual(adopted.peerAddress, peer)
      let receiving = spawnBoxed(adopted) { stream in try await receiveText(on: stream) }
      await settle()
      expect(!receiving.isFinished, "it did not wait")
      try await sendText("late", on: far)
      expectEqual(try await receiving.value(), "late")
      expectEqual(try await receiveText(on: far), "")
    }
  }

  @Test func descriptor_thatIsNoConnection_isRefused_andStaysTheCallers() async throws {
    try await inTask {
      let unbound = try TCPSocket(.v4)
      let udp = try UDPSocket(.v4)
      let listener = try TCPListener(at: .loopback(port: 0))
      let local = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(local) }
      for (descriptor, expected) in [
        (Int32(0), ENOTSOCK), (unbound.descriptor, ENOTCONN), (udp.descriptor, EPROTOTYPE),
        (local, EAFNOSUPPORT),
        (listener.descriptor, ENOTCONN), (-1, EBADF),
      ] {
        expectEqual(refusal { () throws(IOError) in _ = try TCPStream(adopting: descriptor) }?.code, expected)
        expect(descriptor < 0 || isOpen(descriptor))
      }
      expectEqual(
        refusal { () throws(IOError) in _ = try TCPListener(adopting: unbound.descriptor) }?.code, EINVAL)
      expectEqual(
        refusal { () throws(IOError) in _ = try UDPSocket(adopting: unbound.descriptor) }?.code, EPROTOTYPE)
    }
  }

  @Test func descriptor_thatIsRefused_isAsItWas() async throws {
    try await onThread {
      let unbound = try TCPSocket(.v4)
      let udp = try UDPSocket(.v4)
      for descriptor in [unbound.descriptor, udp.descriptor] {
        let flags = fcntl(descriptor, F_GETFL) | O_NONBLOCK
        expectEqual(fcntl(descriptor, F_SETFL, flags), 0)
        expect(refusal { () throws(IOError) in _ = try TCPStream(adopting: descriptor) } != nil)
        expectEqual(fcntl(descriptor, F_GETFL), flags)
        expect(refusal { () throws(IOError) in _ = try TCPListener(adopting: descriptor) } != nil)
        expectEqual(fcntl(descriptor, F_GETFL), flags)
      }
      expect(refusal { () throws(IOError) in _ = try UDPSocket(adopting: unbound.descriptor) } != nil)
      expect(fcntl(unbound.descriptor, F_GETFL) & O_NONBLOCK != 0)
    }
  }

  @Test func listener_isReleased_andAdopted() async throws {
    try await inTask {
      let first = try TCPListener(at: .loopback(port: 0))
      let address = first.localAddress
      let listener = try TCPListener(adopting: first.release())
      expectEqual(listener.localAddress, address)
      let near = try await TCPStream.connect(to: address)
      let far = try await listener.accept()
      expectEqual(far.peerAddress, try near.localAddress)
    }
  }

  @Test func stream_isUsedByAnotherRuntime() async throws {
    try await inRuntime { runtime in
      let thread = try runtime.blockOn {
        let pair = try await streamPair()
        // Moved to a thread that has a runtime of its own.
        let thread = startThread(pair.far) { far in
          let kept = Kept(far)
          return try Runtime().blockOn {
            let far = kept.take()
            let heard = try await receiveText(on: far)
            try await sendText("\(heard) here", on: far)
            return heard
          }
        }
        try await sendText("over", on: pair.near)
        expectEqual(try await receiveText(on: pair.near), "over here")
        return thread
      }
      expectEqual(try thread.join(), "over")
    }
  }
}
