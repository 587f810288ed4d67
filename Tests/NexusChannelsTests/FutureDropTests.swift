// Held futures that go: what they registered is gone before the drop returns, whatever the kind of channel and however many
// others wait, and somebody else gets what they would have got.

import NexusRT
import Synchronization
import Testing

@testable import NexusChannels

@Suite struct FutureDropTests {
  // Also the smallest test of a compiler's bug: in a debug build the drops of these types did nothing in other modules.

  @Test func permit_whenDropped_givesItsRoomBack_inGenericCodeToo() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      do {
        let permit = try await ends.sender.reserve()
        if ends.sender.count > 0 { try permit.send(1) }
      }
      expect(unsafe ends.sender._core.block.pointee.reserved == 0)
      try await reserveAndDrop(ends.sender)
      expect(unsafe ends.sender._core.block.pointee.reserved == 0)
      try await reserveAndDrop(MPSC.channel(of: Int.self, capacity: 1).sender)
      let local = Local.channel(of: Int.self, capacity: 1)
      try await reserveAndDrop(local.sender)
      expect(unsafe local.sender._core.block.pointee.reserved == 0)
    }
  }

  private nonisolated(nonsending) func reserveAndDrop<Sender: SharedChannelSender & ~Copyable>(
    _ sender: borrowing Sender
  ) async throws {
    for _ in 0..<3 { _ = try await sender.reserve() }
  }

  @Test(arguments: [0, 1]) func mpmcFutures_whenDropped_areRegisteredNowhere(capacity: Int) throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: capacity)
      let core = ends.sender._core
      do {
        var receive = ends.receiver.receiving()
        let wait = Wait(for: "test")
        try expect(receive.poll(waking: wait.token) == nil)
        expect(unsafe core.block.pointee.futures.count == 1)
        wait.giveUp()
      }
      expect(unsafe core.block.pointee.futures.outstanding == 0 && core.block.pointee.futures.count == 0)
      if capacity == 1 { try ends.sender.trySend(0) }
      do {
        var send = ends.sender.sending(1)
        let wait = Wait(for: "test")
        try expect(!send.poll(waking: wait.token))
        expect(unsafe core.block.pointee.senders.count == 1)
        wait.giveUp()
      }
      expect(unsafe core.block.pointee.senders.outstanding == 0 && core.block.pointee.senders.count == 0)
      expect(core.count == capacity)
    }
  }

  @Test func localFutures_whenDropped_areRegisteredNowhere() throws {
    try onRuntime {
      let ends = Local.channel(of: Int.self, capacity: 1)
      let core = ends.sender._core
      var receiver = ends.receiver
      let sender = ends.sender
      try pollAndDrop(&receiver) { expect(unsafe core.block.pointee.receiver != .none) }
      expect(unsafe core.block.pointee.receiver == .none)
      try sender.trySend(0)
      do {
        var send = sender.sending(1)
        let wait = Wait(for: "test")
        try expect(!send.poll(waking: wait.token))
        wait.giveUp()
        expect(unsafe core.block.pointee.waiting.count == 1)
      }
      expect(unsafe core.block.pointee.waiting.outstanding == 0)
      expect(unsafe core.block.pointee.limit == 1)
    }
  }

  @Test func mpscFutures_whenDropped_areRegisteredNowhere() throws {
    try onRuntime {
      let ends = MPSC.channel(of: Int.self, capacity: 1)
      let core = ends.sender._core
      var receiver = ends.receiver
      let sender = ends.sender
      try pollAndDrop(&receiver) { #expect(watchedWords() == 1) }
      expect(unsafe core.block.pointee.receiver.load(ordering: .relaxed) == 0)
      #expect(watchedWords() == 0)
      try sender.trySend(0)
      do {
        var send = sender.sending(1)
        let wait = Wait(for: "test")
        try expect(!send.poll(waking: wait.token))
        wait.giveUp()
        expect(unsafe core.block.pointee.waitingCount.load(ordering: .relaxed) == 1)
      }
      #expect(watchedWords() == 0)
      expect(unsafe core.block.pointee.waitingCount.load(ordering: .relaxed) == 0)
    }
  }

  @Test func ownedFuture_droppedOnAnotherThread_traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try onRuntime {
        let ends = SPSC.channel(of: Int.self, capacity: 1)
        var future = ends.receiver.intoReceiving()
        let wait = Wait(for: "test")
        guard try future.poll(waking: wait.token) == nil else { return }
        let box = Smuggled(future)
        let worker = Worker { drop(box.take()) }
        _ = await wait.suspend(until: .after(.seconds(10)))
        try worker.join()
      }
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("on another thread"))
  }

  /// Withdrawn it is any thread's.
  @Test func ownedFuture_withdrawn_isDroppedAnywhere() throws {
    try onRuntime {
      let ends = SPSC.channel(of: Int.self, capacity: 1)
      var future = ends.receiver.intoReceiving()
      let wait = Wait(for: "test")
      try expect(future.poll(waking: wait.token) == nil)
      wait.giveUp()
      future.withdraw()
      let box = Smuggled(future)
      try Worker { drop(box.take()) }.join()
    }
  }

  /// Polled for two tasks that both wait still: the loop must not look at the channel for the first once the future has gone.
  @Test func mpscFuture_polledForTwoWaits_leavesNoWatchBehind() throws {
    try onRuntime {
      let ends = MPSC.channel(of: Int.self, capacity: 1)
      var handles = HandleList<Void>()
      let tokens = await waiters(2, &handles)
      let sender = ends.sender
      try sender.trySend(0)
      do {
        var send = sender.sending(1)
        for token in tokens + tokens { try expect(!send.poll(waking: token)) }
        #expect(watchedWords() == 1)
      }
      #expect(watchedWords() == 0)
      for token in tokens { token.wake() }
      _ = try await handles.values()
    }
  }

  @Test func spscFutures_whenDropped_areRegisteredNowhere() throws {
    try onRuntime {
      let ends = SPSC.channel(of: Int.self, capacity: 1)
      let core = ends.sender._core
      var receiver = ends.receiver
      var sender = ends.sender
      try pollAndDrop(&receiver) { #expect(watchedWords() == 1) }
      #expect(watchedWords() == 0)
      try sender.trySend(0)
      do {
        var send = sender.sending(1)
        let wait = Wait(for: "test")
        try expect(!send.poll(waking: wait.token))
        wait.giveUp()
        #expect(watchedWords() == 1)
      }
      #expect(watchedWords() == 0)
      expect(unsafe core.block.pointee.receiver.load(ordering: .relaxed) == 0)
      expect(unsafe core.block.pointee.sender.load(ordering: .relaxed) == 0)
    }
  }

  private func pollAndDrop<Receiver: ChannelReceiver & ~Copyable>(
    _ receiver: inout Receiver, _ whilePolled: () -> Void
  ) throws {
    var receive = receiver.receiving()
    let wait = Wait(for: "test")
    let value = try receive.poll(waking: wait.token)
    #expect(value == nil)
    whilePolled()
    wait.giveUp()
  }

  /// Catalogue 12: a future that is polled again and again is registered once.
  @Test func future_polledOften_isRegisteredOnce() throws {
    try onRuntime {
      let ends = MPMC.channel(of: Int.self, capacity: 1)
      let core = ends.sender._core
      var receive = ends.receiver.receiving()
      for _ in 0..<1_000 {
        let wait = Wait(for: "test")
        try expect(receive.poll(waking: wait.token) == nil)
        wait.giveUp()
      }
      expect(unsafe core.block.pointee.futures.count == 1 && core.block.pointee.futures.nodes.count == 1)
      try ends.sender.trySend(1)
      var send = ends.sender.sending(2)
      for _ in 0..<1_000 {
        let wait = Wait(for: "test")
        try expect(!send.poll(waking: wait.token))
        wait.giveUp()
      }
      expect(unsafe core.block.pointee.senders.count == 1 && core.block.pointee.senders.nodes.count == 1)
      try expect(ends.receiver.tryReceive() == 1)
      let wait = Wait(for: "test")
      try expect(send.poll(waking: wait.token))
      wait.giveUp()
      try expect(receive.poll(waking: .none) == 2)
    }
  }
}

/// Takes to another thread what the compiler would not let go there.
private final class Smuggled<Value: ~Copyable>: @unchecked Sendable {
  private var value: Value?
  init(_ value: consuming Value) { self.value = consume value }
  func take() -> Value { value.take()! }
}
