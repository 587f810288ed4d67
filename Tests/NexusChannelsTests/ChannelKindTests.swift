// A transfer pipeline that is written once and given the kind of its channels, with a thread at one end and a task at the
// other.

import NexusRT
import Testing

@testable import NexusChannels

@Suite struct ChannelKindTests {
  /// What a side of the pipeline has seen.
  struct Tally: Equatable, Sendable {
    var blocks = 0
    var checksum = 0

    mutating func add(_ block: Int) {
      blocks += 1
      checksum = checksum &* 31 &+ block
    }

    static func of(_ blocks: Range<Int>) -> Tally {
      blocks.reduce(into: Tally()) { $0.add($1) }
    }
  }

  /// A task reads blocks and sends them; a thread receives them and writes.
  func taskToThread<Sender, Receiver>(
    over kind: ChannelKind<Sender, Receiver>, blocks: Int, capacity: Int
  ) throws -> Tally
  where
    Sender: ChannelSender<Int> & ~Copyable & Sendable, Receiver: ChannelReceiver<Int> & ~Copyable & Sendable
  {
    let ends = kind.bounded(capacity)
    let writer = startThread(ends.receiver) { receiver in
      var receiver = receiver
      var tally = Tally()
      while let block = try? receiver.receiveBlocking() { tally.add(block) }
      return tally
    }
    let sender = Handover(ends.sender)
    try onRuntime {
      try await spawnBoxed(sender.take()) { sender in
        var sender = sender
        for block in 0..<blocks { try await sender.send(block) }
      }.value()
    }
    return writer.join()
  }

  /// A thread reads blocks and sends them; a task receives them and writes.
  func threadToTask<Sender, Receiver>(
    over kind: ChannelKind<Sender, Receiver>, blocks: Int, capacity: Int
  ) throws -> Tally
  where
    Sender: ChannelSender<Int> & ~Copyable & Sendable, Receiver: ChannelReceiver<Int> & ~Copyable & Sendable
  {
    let ends = kind.bounded(capacity)
    let reader = startThread(ends.sender) { sender in
      var sender = sender
      for block in 0..<blocks { try sender.sendBlocking(block) }
    }
    let receiver = Handover(ends.receiver)
    let tally = try onRuntime {
      try await spawnBoxed(receiver.take()) { receiver in
        var receiver = receiver
        var tally = Tally()
        while let block = try await receiver.next() { tally.add(block) }
        return tally
      }.value()
    }
    try reader.join()
    return tally
  }

  func check<Sender, Receiver>(_ kind: ChannelKind<Sender, Receiver>, capacity: Int) throws
  where
    Sender: ChannelSender<Int> & ~Copyable & Sendable, Receiver: ChannelReceiver<Int> & ~Copyable & Sendable
  {
    let blocks = scaled(5_000)
    let toThread = try taskToThread(over: kind, blocks: blocks, capacity: capacity)
    #expect(toThread == Tally.of(0..<blocks))
    let toTask = try threadToTask(over: kind, blocks: blocks, capacity: capacity)
    #expect(toTask == Tally.of(0..<blocks))
  }

  @Test(arguments: [1, 3, 64]) func transfer_overSPSC_bothDirections(capacity: Int) throws {
    try check(SPSC.kind(of: Int.self), capacity: capacity)
  }

  @Test(arguments: [1, 3, 64]) func transfer_overMPSC_bothDirections(capacity: Int) throws {
    try check(MPSC.kind(of: Int.self), capacity: capacity)
  }

  @Test(arguments: [0, 1, 3, 64]) func transfer_overMPMC_bothDirections(capacity: Int) throws {
    try check(MPMC.kind(of: Int.self), capacity: capacity)
  }

  /// Tasks of one runtime, over any kind, `Local` among them: nothing has to be `Sendable`.
  nonisolated(nonsending) func betweenTasks<Sender, Receiver>(
    over kind: ChannelKind<Sender, Receiver>
  ) async throws -> Tally
  where Sender: ChannelSender<Int> & ~Copyable, Receiver: ChannelReceiver<Int> & ~Copyable {
    let ends = kind.bounded(4)
    spawnBoxed(ends.sender) { sender in
      var sender = sender
      for block in 0..<100 { try await sender.send(block) }
    }
    var receiver = ends.receiver
    var tally = Tally()
    while let block = try await receiver.next() { tally.add(block) }
    return tally
  }

  @Test func transfer_betweenTasks_overEveryKind() throws {
    let tallies = try onRuntime {
      [
        try await betweenTasks(over: Local.kind(of: Int.self)),
        try await betweenTasks(over: SPSC.kind(of: Int.self)),
        try await betweenTasks(over: MPSC.kind(of: Int.self)),
        try await betweenTasks(over: MPMC.kind(of: Int.self)),
      ]
    }
    #expect(tallies == Array(repeating: Tally.of(0..<100), count: 4))
  }

  @Test func kind_keepsTheCloseRule() {
    let ends = MPMC.kind(of: Int.self, closing: .traps).bounded(1)
    expect(ends.sender.close())
    expect(ends.sender.isClosed)
  }
}
