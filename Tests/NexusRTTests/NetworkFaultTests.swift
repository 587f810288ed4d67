// What goes wrong: cancellation in flight, the runtime's end, no descriptors, a full ring, use where there is no runtime.

import CAllocationCounter
import Foundation
import Glibc
@testable import NexusRT
import Testing

@Suite struct NetworkFaultTests {
  // MARK: Cancellation

  @Test(arguments: seeds(2)) func receives_racingWithCancellation_loseNoByte(seed: UInt64) async throws {
    try await inTask {
      var random = SeededGenerator(seed: seed)
      let pair = try await streamPair()
      let far = Kept(pair.far)
      let received = Shared("")
      var sent = ""
      for round in 1...400 {
        let task = spawnBoxed { received.value += try await receiveText(on: far.value!) }
        for _ in 0..<Int.random(in: 0..<3, using: &random) { await yield() }
        if round % 4 != 0 {
          let letter = String(UnicodeScalar(UInt8(97 + round % 26)))
          sent += letter
          try await sendText(letter, on: pair.near)
        }
        task.cancel()
        let code = await code(of: task)
        expect(code == nil || code == ECANCELED, "errno \(code ?? 0)")
      }
      try pair.near.shutdown(.write)
      while true {
        let rest = try await receiveText(on: far.value!)
        if rest.isEmpty { break }
        received.value += rest
      }
      expectEqual(received.value, sent)
    }
  }

  @Test(arguments: seeds(2)) func datagrams_racingWithCancellation_areNotLost(seed: UInt64) async throws {
    try await inTask {
      var random = SeededGenerator(seed: seed)
      let near = try UDPSocket(at: .loopback(port: 0))
      let bound = try UDPSocket(at: .loopback(port: 0))
      let there = try bound.localAddress
      let far = Kept(bound)
      let received = Shared<[String]>([])
      var sent: [String] = []
      for round in 1...400 {
        let task = spawnBoxed { received.value.append(try await receiveWord(on: far.value!)) }
        for _ in 0..<Int.random(in: 0..<3, using: &random) { await yield() }
        if round % 4 != 0 {
          sent.append("\(round)")
          try await sendWord("\(round)", on: near, to: there)
        }
        task.cancel()
        _ = await code(of: task)
        // The socket's buffer holds only so many.
        while received.value.count + 20 < sent.count {
          received.value.append(try await receiveWord(on: far.value!))
        }
      }
      while received.value.count < sent.count { received.value.append(try await receiveWord(on: far.value!)) }
      expectEqual(received.value, sent)
    }
  }

  @Test(arguments: seeds(2)) func accepts_racingWithCancellation_loseNoConnection(seed: UInt64) async throws {
    try await inTask {
      var random = SeededGenerator(seed: seed)
      let bound = try TCPListener(at: .loopback(port: 0), backlog: 512)
      let address = bound.localAddress
      let listener = Kept(bound)
      let accepted = Shared<Set<UInt16>>([])
      var connected: Set<UInt16> = []
      for round in 1...100 {
        let task = spawnBoxed {
          let stream = try await listener.value!.accept()
          try stream.setLinger(.zero)
          accepted.value.insert(stream.peerAddress.port)
        }
        for _ in 0..<Int.random(in: 0..<3, using: &random) { await yield() }
        if round % 3 != 0 {
          let stream = try await TCPStream.connect(to: address)
          connected.insert(try stream.localAddress.port)
        }
        task.cancel()
        let code = await code(of: task)
        expect(code == nil || code == ECANCELED, "errno \(code ?? 0)")
      }
      while accepted.value.count < connected.count {
        let stream = try await listener.value!.accept()
        accepted.value.insert(stream.peerAddress.port)
      }
      expectEqual(accepted.value, connected)
    }
  }

  /// The kernel wakes one of the waiters for a connection. If that one is cancelled before it has run, the other must not wait on beside
  /// a connection.
  @Test(arguments: [false, true]) func accept_cancelledAsItIsWoken_doesNotKeepTheWakeFromAnother(
    isChild: Bool
  ) async throws {
    try await inTask {
      let bound = try TCPListener(at: .loopback(port: 0))
      let address = bound.localAddress
      let listener = Kept(bound)
      let accepted = Shared(0)
      for round in 1...20 {
        // The one that waits longest is woken.
        let first = spawnBoxed {
          if isChild {
            async let stream = listener.value!.accept().release()
            close(try await stream)
          } else {
            _ = try await listener.value!.accept()
          }
          accepted.value += 1
        }
        await settle()
        let second = spawnBoxed {
          _ = try await listener.value!.accept()
          accepted.value += 1
        }
        await settle()
        try await sleep(for: .milliseconds(1))
        // By a call of the system: the runtime does not see the connection before the cancellation.
        let client = try TCPSocket(.v4)
        expectEqual(
          unsafe address.withKernelAddress { unsafe Glibc.connect(client.descriptor, $0, $1) }, 0)
        if round % 4 == 0 { second.cancel() } else { first.cancel() }
        try await withTimeout(.seconds(20)) {
          while accepted.value < round { try await sleep(for: .milliseconds(1)) }
        }
        first.cancel()
        second.cancel()
        let codes = [await code(of: first), await code(of: second)]
        expect(codes == [nil, ECANCELED] || codes == [ECANCELED, nil], "\(codes)")
      }
      expectEqual(accepted.value, 20)
    }
  }

  /// Otherwise a loop of accepts would not end while connections come.
  @Test func accept_cancelledBeforeItBegan_leavesTheConnection() async throws {
    try await inTask {
      let bound = try TCPListener(at: .loopback(port: 0))
      let near = try await TCPStream.connect(to: bound.localAddress)
      let listener = Kept(bound)
      let task = spawnBoxed { _ = try await listener.value!.accept() }
      task.cancel()
      expectEqual(await code(of: task), ECANCELED)
      expectEqual(try await listener.value!.accept().peerAddress, try near.localAddress)
    }
  }

  @Test func sends_thatWait_whenCancelled_haveSentWhatTheySay() async throws {
    try await inTask {
      let pair = try await streamPair()
      let sent = Shared(try await fill(pair.near))
      let near = Kept(pair.near)
      var cancelled = 0
      for _ in 1...20 {
        let task = spawnBoxed {
          let bytes = plenty
          sent.value += unsafe try await near.value!.send(bytes.span.bytes)
        }
        await settle()
        task.cancel()
        let code = await code(of: task)
        expect(code == nil || code == ECANCELED, "errno \(code ?? 0)")
        if code != nil { cancelled += 1 }
      }
      expect(cancelled > 0, "there was room for each")
      try near.value!.shutdown(.write)
      try await drain(pair.far, sent.value)
      expectEqual(try await receiveText(on: pair.far), "")
    }
  }

  @Test func waits_whenTheirTimeIsUp_end() async throws {
    try await inTask {
      let pair = try await streamPair()
      let listener = try TCPListener(at: .loopback(port: 0))
      let socket = try UDPSocket(at: .loopback(port: 0))
      _ = try await fill(pair.near)
      nonisolated(nonsending) func isTimeout(_ body: nonisolated(nonsending) () async throws -> Void) async
        -> Bool
      {
        do {
          try await withTimeout(.milliseconds(5), body)
          return false
        } catch { return error is TimeoutError }
      }
      expect(await isTimeout { _ = try await listener.accept() })
      expect(await isTimeout { _ = try await receiveText(on: pair.near) })
      let bytes = plenty
      expect(await isTimeout { unsafe try await pair.near.sendAll(bytes.span.bytes) })
      expect(await isTimeout { _ = try await receiveWord(on: socket) })
      expectEqual(liveTimers(), 0)
    }
  }

  // MARK: The end of a runtime

  @Test func runtime_thatEndsWithOperationsInFlight_cancelsThem_andTheOthersNoticeIt() async throws {
    for _ in 1...10 {
      // One runtime's tasks wait in every way there is; the connection's other end is kept outside.
      let far = try await inRuntime { runtime in
        try runtime.blockOn {
          let full = try await fullListener()
          let blocked = try await fullListener()
          let pair = try await streamPair()
          _ = try await fill(pair.near)
          let address = blocked.address
          let far = pair.far.release()
          let halves = pair.near.split()
          spawnBoxed(halves.sender) { sender in try await sendText("never", on: sender) }
          spawnBoxed(halves.receiver) { receiver in _ = try await receiveText(on: receiver) }
          spawnBoxed(full) { full in
            _ = try await full.listener.accept()
            _ = try await full.listener.accept()
          }
          spawnBoxed(blocked) { blocked in
            _ = try await TCPStream.connect(to: address)
            _ = blocked.waiting.descriptor
          }
          spawnBoxed(try UDPSocket(at: .loopback(port: 0))) { socket in _ = try await receiveWord(on: socket)
          }
          await settle()
          return far
        }
      }
      try await onThread {
        // All of that is gone, with its descriptors.
        let stream = try TCPStream(adopting: far)
        var buffer = IOBuffer(count: 1 << 16)
        var bytes = buffer.mutableBytes
        // What the closed end had still to send comes first, as fast as the kernel sends it.
        var end: Int?
        repeat {
          end = try stream.tryReceive(into: &bytes)
        } while end != 0 && (end != nil || isReadable(stream.descriptor, withinMilliseconds: 10_000))
        expectEqual(end, 0)
      }
    }
  }

  // MARK: Limits

  @Test func sockets_withoutDescriptors_giveTheirError_andWhatWaitsIsNotLost() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        let runtime = try Runtime(configuration: .patient)
        setDescriptorLimit(64)
        try runtime.blockOn {
          let listener = try TCPListener(at: .loopback(port: 0))
          let first = try await TCPStream.connect(to: listener.localAddress)
          let all = AllDescriptors()
          for _ in 1...10 {
            guard await code({ _ = try await listener.accept() }) == EMFILE else { failHere("accept") }
            guard await code({ _ = try await TCPStream.connect(to: listener.localAddress) }) == EMFILE else {
              failHere("connect")
            }
            guard await code({ _ = try UDPSocket(.v4) }) == EMFILE else { failHere("udp") }
            guard await code({ _ = try TCPListener(at: .loopback(port: 0)) }) == EMFILE else {
              failHere("listen")
            }
          }
          all.giveBack(1)
          let accepted = try await listener.accept()
          guard accepted.peerAddress == (try first.localAddress) else { failHere("another connection") }
          try await sendText("after all", on: first)
          guard try await receiveText(on: accepted) == "after all" else { failHere("other bytes") }
        }
      }
    }
    expectNoFailure(result)
  }

  @Test func interface_thatCannotBeLookedFor_isNotSaidToBeMissing() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      try await onThread {
        let socket = try UDPSocket(.v4)
        setDescriptorLimit(64)
        let all = AllDescriptors()
        let found = refusal { () throws(IOError) in
          try socket.joinMulticast(IPAddress(239, 255, 77, 2), on: .named("lo"))
        }
        all.giveBack(1)
        if found?.code != EMFILE { failHere("\(found?.description ?? "it was joined")") }
      }
    }
    expectNoFailure(result)
  }

  @Test func operations_moreThanTheRingHolds_allComplete() async throws {
    var configuration = Configuration.patient
    configuration.submissionEntries = 1
    try await inTask(configuration) {
      let count = 60
      let bound = try TCPListener(at: .loopback(port: 0), backlog: 100)
      let address = bound.localAddress
      let socket = try UDPSocket(at: .loopback(port: 0))
      let there = try socket.localAddress
      let server = spawnBoxed(bound) { listener in
        let echoes = HandleStack<Void>(capacity: count)
        for _ in 1...count {
          echoes.push(
            spawnBoxed(try await listener.accept()) { stream in
              while true {
                let heard = try await receiveText(on: stream)
                if heard.isEmpty { return }
                try await sendText(heard, on: stream)
              }
            })
        }
        while let echo = echoes.pop() { try await echo.value() }
      }
      let clients = HandleStack<Void>(capacity: count)
      for number in 1...count {
        clients.push(
          spawnBoxed {
            let stream = try await TCPStream.connect(to: address)
            let datagrams = try UDPSocket(.v4)
            for round in 1...10 {
              try await sendText("\(number) \(round)", on: stream)
              try await sendWord("x", on: datagrams, to: there)
              expectEqual(try await receiveText(on: stream), "\(number) \(round)")
            }
          })
      }
      while let client = clients.pop() { try await client.value() }
      try await server.value()
      expectEqual(try await receiveWord(on: socket), "x")
    }
  }

  // MARK: Costs

  @Test(.enabled(if: allocation_count_is_available() && isOptimised))
  func operations_allocateNothing_inSteadyState() async throws {
    try await inTask {
      let listener = try TCPListener(at: .loopback(port: 0))
      let pair = try await streamPair()
      let near = try UDPSocket(at: .loopback(port: 0))
      let far = try UDPSocket(at: .loopback(port: 0))
      let there = try far.localAddress
      try near.connect(to: there)
      let source = IOBuffer(count: 64)
      var target = IOBuffer(count: 64)
      var before: UInt64 = 0
      for round in 1...1_000 {
        if round == 20 { before = allocation_count() }
        var bytes = target.mutableBytes
        try await pair.near.sendAll(source.bytes)
        _ = try await pair.far.peek(into: &bytes)
        expectEqual(try await pair.far.receiveAll(into: &bytes), 64)
        try await near.send(source.bytes, to: there)
        try await near.send(source.bytes)
        _ = try await far.peek(into: &bytes)
        _ = try await far.receive(into: &bytes)
        _ = try await far.receive(into: &bytes)
        _ = try pair.near.trySend(source.bytes)
        _ = try pair.far.tryReceive(into: &bytes)
        if round % 10 == 0 {
          let stream = try await TCPStream.connect(to: listener.localAddress)
          _ = try await listener.accept()
          try stream.setLinger(.zero)
        }
      }
      expectEqual(allocation_count() - before, 0)
    }
  }

  /// Connections that end while they wait to be accepted, and waits of 300 tasks: blocks of the pool are used again.
  @Test func blocksOfThePool_areUsedAgain() async throws {
    try await inTask {
      let kept = Kept(try UDPSocket(at: .loopback(port: 0)))
      nonisolated(nonsending) func wait(_ count: Int) async throws {
        let waiters = HandleStack<Void>(capacity: count)
        for _ in 1...count { waiters.push(spawnBoxed { _ = try await receiveWord(on: kept.value!) }) }
        await settle()
        while let waiter = waiters.pop() {
          waiter.cancel()
          expectEqual(await code(of: waiter), ECANCELED)
        }
      }
      try await wait(300)
      let made = unsafe LoopState.current(for: "test").pointee.reactor.messages.made
      expectEqual(made, 300)
      for _ in 1...3 { try await wait(300) }
      expectEqual(unsafe LoopState.current(for: "test").pointee.reactor.messages.made, made)
    }
  }

  // MARK: Misuse

  @Test func connect_outsideARuntime_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await TCPStream.connect(to: .loopback(port: 1))
    }
    expectSaid(result, "connect must be called from a task of a runtime")
  }

  @Test func accept_outsideARuntime_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await TCPListener(at: .loopback(port: 0)).accept()
    }
    expectSaid(result, "accept must be called from a task of a runtime")
  }

  @Test func receiveAndSend_outsideARuntime_trap() async {
    for isSend in [false, true] {
      let result =
        isSend
        ? await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          try await sendWord("x", on: UDPSocket(.v4), to: .loopback(port: 1))
        }
        : await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          _ = try await receiveWord(on: UDPSocket(at: .loopback(port: 0)))
        }
      expectSaid(result, "\(isSend ? "send" : "receive") must be called from a task of a runtime")
    }
  }

  @Test func receive_intoNothing_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        let pair = try await streamPair()
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        var none = bytes._mutatingExtracting(0..<0)
        _ = try await pair.near.receive(into: &none)
      }
    }
    expectSaid(result, "needs a buffer of at least one byte")
  }

  @Test func sendAll_toldNonsense_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await inTask {
        let pair = try await streamPair()
        var sent = 2
        try await pair.near.sendAll(IOBuffer(count: 1).bytes, sent: &sent)
      }
    }
    expectSaid(result, "2 of 1 bytes were sent")
  }
}
