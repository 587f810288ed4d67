// Futures in a row: those that stay are served in order when some of them go, each is woken once, and one that nobody looks at
// is in nobody's way. After the cancellation tests of futures-intrusive, async-channel and flume.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct FutureListTests {
  /// futures-intrusive's cancel_receive_mid_wait and cancel_receive_end_wait. Catalogue 1, 20, 22.
  @Test(arguments: [[1, 3], [3, 4], [0, 1, 2, 3]], [0, 8]) func polledReceives_whenSomeGo_areServedInOrder(
    gone: [Int], capacity: Int
  ) throws {
    try onRuntime {
      let ends = channel(capacity)
      let core = ends.sender._core
      let woken = Noted([Int]())
      let values = Noted([Int: Int]())
      var handles = HandleList<Void>()
      for index in 0..<5 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { rx in
            var future = rx.receiving()
            while true {
              let wait = Wait(for: "test")
              if let value = try future.poll(waking: wait.token) {
                wait.giveUp()
                values.value[index] = value
                return
              }
              guard await wait.suspend() else { return }
              woken.value.append(index)
            }
          })
      }
      await settle()
      expect(unsafe core.block.pointee.futures.count == 5)
      for index in gone { handles.cancel(index) }
      await settle()
      let stay = (0..<5).filter { !gone.contains($0) }
      expect(unsafe core.block.pointee.futures.count == stay.count)
      for number in stay.indices { try await ends.sender.send(number) }
      _ = try await handles.values()
      #expect(woken.value == stay)
      #expect(values.value == Dictionary(uniqueKeysWithValues: zip(stay, stay.indices)))
      expect(isQuiet(core))
    }
  }

  /// cancel_send_mid_wait and cancel_send_end_wait. Catalogue 5, 24: each gets its own value back, or it was sent.
  @Test(arguments: [[1, 3], [3, 4], [0, 1, 2, 3]], [0, 1]) func polledSends_whenSomeGo_areServedInOrder(
    gone: [Int], capacity: Int
  ) throws {
    try onRuntime {
      let ends = channel(capacity)
      let core = ends.sender._core
      if capacity == 1 { try ends.sender.trySend(100) }
      let woken = Noted([Int]())
      let back = Noted([Int: Int]())
      var handles = HandleList<Void>()
      for index in 0..<5 {
        handles.append(
          spawnBoxed(ends.sender.clone()) { tx in
            var future = tx.sending(index)
            while true {
              let wait = Wait(for: "test")
              if try future.poll(waking: wait.token) {
                wait.giveUp()
                return
              }
              guard await wait.suspend() else {
                back.value[index] = future.cancel()
                return
              }
              woken.value.append(index)
            }
          })
      }
      await settle()
      expect(unsafe core.block.pointee.senders.count == 5)
      for index in gone { handles.cancel(index) }
      await settle()
      let stay = (0..<5).filter { !gone.contains($0) }
      #expect(back.value == Dictionary(uniqueKeysWithValues: zip(gone, gone)))
      var values: [Int] = []
      for _ in 0..<stay.count + capacity { values.append(try await ends.receiver.receive()) }
      #expect(values == (capacity == 1 ? [100] : []) + stay)
      _ = try await handles.values()
      #expect(woken.value == stay)
      expect(isQuiet(core))
    }
  }

  /// Catalogue 1: who was woken and goes passes it on, to one and not to all (flume's probe 4).
  @Test func polledReceive_wokenAndThenDropped_passesItOnToOne() throws {
    try onRuntime {
      let ends = channel(8)
      let wakes = Noted(0)
      var handles = HandleList<Int>()
      for index in 0..<6 {
        handles.append(
          spawnBoxed(ends.receiver.clone()) { rx in
            var future = rx.receiving()
            let wait = Wait(for: "test")
            if let value = try future.poll(waking: wait.token) { return value }
            _ = await wait.suspend()
            wakes.value += 1
            if index == 0 { return -1 }
            return try future.poll(waking: .none) ?? -2
          })
      }
      await settle()
      try ends.sender.trySend(7)
      await settle()
      #expect(wakes.value == 2)
      for index in 2..<6 { handles.cancel(index) }
      let values = try await handles.values()
      #expect(values == [-1, 7, -2, -2, -2, -2])
      expect(isQuiet(ends.sender._core))
    }
  }

  /// poll_from_multiple_executors, change_waker. Catalogue 11: only the newest token is woken.
  @Test func future_polledInTwoTasks_wakesTheLast() throws {
    try onRuntime {
      let ends = channel(1)
      let woken = Noted([Int]())
      var handles = HandleList<Void>()
      let tokens = await waiters(2, &handles) { woken.value.append($0) }
      var receive = ends.receiver.receiving()
      for token in tokens { try expect(receive.poll(waking: token) == nil) }
      try ends.sender.trySend(1)
      await settle()
      #expect(woken.value == [1])
      var send = ends.sender.sending(2)
      try expect(!send.poll(waking: tokens[1]))
      try expect(!send.poll(waking: tokens[0]))
      try expect(receive.poll(waking: .none) == 1)
      await settle()
      #expect(woken.value == [1, 0])
      try expect(send.poll(waking: .none))
      _ = try await handles.values()
    }
  }

  /// A future that is polled for nobody is found by its peer, in a process that has no runtime too.
  @Test func future_polledForNobody_isPassedOver() async {
    await #expect(processExitsWith: .success) {
      for capacity in [0, 1] {
        let ends = MPMC.channel(of: Int.self, capacity: capacity)
        var receive = ends.receiver.receiving()
        guard try receive.poll(waking: .none) == nil else { fatalError("a value from nowhere") }
        try? ends.sender.trySend(1)
      }
      let ends = MPSC.channel(of: Int.self, capacity: 1)
      let tx = ends.sender
      var rx = ends.receiver
      try tx.trySend(1)
      var send = tx.sending(2)
      guard try !send.poll(waking: .none) else { fatalError("room from nowhere") }
      guard try rx.tryReceive() == 1, try send.poll(waking: .none) else { fatalError("no room") }
    }
  }

  /// Permits have all the room: what a sender waits with is all there is, and a future is told of it.
  @Test func receiveFuture_whenASenderWaitsBehindPermits_isTold() throws {
    try onRuntime {
      let ends = channel(1)
      let permit = try ends.sender.tryReserve()
      var receive = ends.receiver.receiving()
      let wait = Wait(for: "test")
      try expect(receive.poll(waking: wait.token) == nil)
      let sending = spawnBoxed(ends.sender.clone()) { tx in try await tx.send(5) }
      expect(await wait.suspend(until: .after(.seconds(10))) == .woken)
      try expect(receive.poll(waking: .none) == 5)
      try await sending.value()
      _ = consume permit
    }
  }

  /// A select must not wait beside a sender whose value it could have.
  @Test func select_whenASenderWaitsBehindPermits_takesItsValue() throws {
    try onRuntime {
      let ends = channel(1)
      let permit = try ends.sender.tryReserve()
      let sending = spawnBoxed(ends.sender.clone()) { tx in try await tx.send(5) }
      await settle()
      let wait = Wait(for: "test")
      let token = wait.token
      switch ends.receiver._core.takeOrRegister(token, .selecting) {
      case .value(let value): expect(value == 5)
      default: expect(false, "it waits beside a value")
      }
      wait.giveUp()
      try await sending.value()
      _ = consume permit
    }
  }

  /// forget_blocked_receiver. Catalogue 2, 8: a future that was polled and is not looked at blocks nobody.
  @Test(arguments: [0, 1, Int.max]) func receive_behindAForgottenFuture_getsTheValue(capacity: Int) throws {
    try onRuntime {
      let ends = channel(capacity)
      var forgotten = ends.receiver.receiving()
      let wait = Wait(for: "test")
      try expect(forgotten.poll(waking: wait.token) == nil)
      wait.giveUp()
      let receiving = spawnBoxed(ends.receiver.clone()) { rx in try await rx.receive() }
      let polling = spawnBoxed(ends.receiver.clone()) { rx in
        var future = rx.receiving()
        while true {
          let wait = Wait(for: "test")
          if let value = try future.poll(waking: wait.token) { return value }
          guard await wait.suspend() else { return 0 }
        }
      }
      await settle()
      try await ends.sender.send(1)
      try await ends.sender.send(2)
      let first = try await receiving.value()
      let second = try await polling.value()
      #expect(first == 1 && second == 2)
    }
  }

  /// forget_blocked_sender.
  @Test(arguments: [0, 1]) func send_behindAForgottenFuture_goesOut(capacity: Int) throws {
    try onRuntime {
      let ends = channel(capacity)
      if capacity == 1 { try ends.sender.trySend(0) }
      var forgotten = ends.sender.sending(1)
      let wait = Wait(for: "test")
      try expect(!forgotten.poll(waking: wait.token))
      wait.giveUp()
      let sending = spawnBoxed(ends.sender.clone()) { tx in try await tx.send(2) }
      await settle()
      var values: [Int] = []
      for _ in 0..<(2 + capacity) { values.append(try await ends.receiver.receive()) }
      #expect(values == Array((1 - capacity)...2))
      try await sending.value()
      expect(forgotten.cancel() == nil)
    }
  }

  /// Catalogue 31: the places of a crowd are given back, and they are found in O(1) however many there are.
  @Test func crowd_thatGoes_leavesNoMemory_andNobodyIsSearchedFor() throws {
    try onRuntime {
      let ends = channel(1)
      let core = ends.sender._core
      func rounds(amid crowd: Int) throws -> Duration {
        var queue = WaitQueue<Void>()
        var places: [WaitQueue<Void>.Place] = []
        for _ in 0..<crowd { places.append(queue.append(.none, nil, isFuture: true)) }
        let middle = places[crowd / 2]
        _ = queue.take(middle)
        let clock = ContinuousClock()
        let best = (0..<5).map { _ in
          clock.measure { for _ in 0..<2_000 { _ = queue.take(queue.append(.none, nil, isFuture: true)) } }
        }.min()!
        for (index, place) in places.enumerated() where index != crowd / 2 { _ = queue.take(place) }
        #expect(queue.nodes.count <= WaitQueue<Void>.keptPlaces)
        return best
      }
      let (few, many) = (try rounds(amid: 40), try rounds(amid: 40_000))
      #expect(many < few * 20, "\(few) amid 40, \(many) amid 40,000")
      var handles = HandleList<Void>()
      for _ in 0..<2_000 {
        handles.append(spawnBoxed(ends.receiver.clone()) { rx in _ = try? await rx.receive() })
      }
      await settle()
      expect(unsafe core.block.pointee.receivers.count == 2_000)
      for index in 0..<2_000 { handles.cancel(index) }
      _ = try await handles.values()
      expect(unsafe core.block.pointee.receivers.nodes.count <= 64)
      expect(isQuiet(core))
    }
  }
}
