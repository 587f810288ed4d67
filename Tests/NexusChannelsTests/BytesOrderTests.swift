// What goes in comes out: every record once, whole, and in the order of its sender, whoever sends and wherever the ends
// run. The sizes follow from a seed, which is in the message of every failure.

import LogBuf
import NexusChannels
import NexusRT
import Testing

@Suite struct BytesOrderTests {
  static let capacities = [64, 256, 4096]

  @Test(arguments: capacities)
  func records_whenSentFromTaskToTask_comeWholeAndInOrder(capacity: Int) throws {
    let seed = freshSeed()
    let wrong = try onRuntime {
      let ends = SPSCBytes.channel(capacity: capacity)
      let sending = spawnBoxed(ends.sender) { tx in
        var tx = tx
        try await sendMany(&tx, seed)
      }
      var receiver = ends.receiver
      let wrong = try await receiveMany(&receiver, seed, senders: 1...1)
      try await sending.value()
      return wrong
    }
    #expect(wrong == nil, "seed \(seed)")
  }

  @Test(arguments: capacities)
  func records_whenSentFromAThreadToATask_comeWholeAndInOrder(capacity: Int) throws {
    let seed = freshSeed()
    let ends = SPSCBytes.channel(capacity: capacity)
    let sender = Handover(ends.sender)
    let receiver = Handover(ends.receiver)
    let sending = Worker {
      var tx = sender.take()
      try sendManyBlocking(&tx, seed)
    }
    let wrong = try onRuntime {
      var rx = receiver.take()
      return try await receiveMany(&rx, seed, senders: 1...1)
    }
    try sending.join()
    #expect(wrong == nil, "seed \(seed)")
  }

  @Test(arguments: capacities)
  func records_whenSentFromManyThreadsToATask_comeWholeAndInOrderOfEach(capacity: Int) throws {
    let seed = freshSeed()
    let ends = MPSCBytes.channel(capacity: capacity)
    let receiver = Handover(ends.receiver)
    let first = ends.sender
    let threads = (1...4).map { sender in
      let end = Handover(first.clone())
      return Worker {
        var tx = end.take()
        try sendManyBlocking(&tx, seed, from: sender)
      }
    }
    first.close()
    let wrong = try onRuntime {
      var rx = receiver.take()
      return try await receiveMany(&rx, seed, senders: 1...4)
    }
    for thread in threads { try thread.join() }
    #expect(wrong == nil, "seed \(seed)")
  }

  @Test(arguments: capacities)
  func records_whenSentByTasksThreadsAndAnotherRuntime_comeWholeAndInOrderOfEach(capacity: Int) throws {
    let seed = freshSeed()
    let ends = MPSCBytes.channel(capacity: capacity)
    let receiver = Handover(ends.receiver)
    let first = ends.sender
    let thread = Handover(first.clone())
    let near = Handover(first.clone())
    let far = Handover(first)
    let threadWorker = Worker {
      var tx = thread.take()
      try sendManyBlocking(&tx, seed, from: 1)
    }
    let farWorker = runtimeThread {
      let first = far.take()
      let second = spawnBoxed(first.clone()) { tx in
        var tx = tx
        try await sendMany(&tx, seed, from: 2)
      }
      let third = spawnBoxed(first) { tx in
        var tx = tx
        try await sendMany(&tx, seed, from: 3)
      }
      // They are done before their runtime is, or it would cancel them.
      try await second.value()
      try await third.value()
    }
    let wrong = try onRuntime {
      spawnBoxed(near.take()) { tx in
        var tx = tx
        try await sendMany(&tx, seed, from: 4)
      }
      var rx = receiver.take()
      return try await receiveMany(&rx, seed, senders: 1...4)
    }
    try threadWorker.join()
    try farWorker.join()
    #expect(wrong == nil, "seed \(seed)")
  }
}

private let records = 3_000

nonisolated(nonsending) private func sendMany<Writer: ~Copyable>(
  _ sender: inout BytesSender<Writer>, _ seed: UInt64, from name: Int = 1
) async throws {
  let limit = sender.largestRecord
  for number in 0..<records {
    try await sender.send(record(number, from: name, count: size(seed, number, from: name, atMost: limit)))
  }
}

private func sendManyBlocking<Writer: ~Copyable>(
  _ sender: inout BytesSender<Writer>, _ seed: UInt64, from name: Int = 1
) throws {
  let limit = sender.largestRecord
  for number in 0..<records {
    try sender.sendBlocking(record(number, from: name, count: size(seed, number, from: name, atMost: limit)))
  }
}

/// Receives until the end, and says what was wrong with it.
nonisolated(nonsending) private func receiveMany(
  _ receiver: inout BytesReceiver, _ seed: UInt64, senders: ClosedRange<Int>
) async throws -> String? {
  let limit = receiver.largestRecord
  var next: [Int: Int] = [:]
  for bytes in try await receiver.takeAll() {
    let (sender, number) = origin(of: bytes)
    let expected = next[sender, default: 0]
    if number != expected { return "sender \(sender): record \(number) instead of \(expected)" }
    if bytes != record(number, from: sender, count: size(seed, number, from: sender, atMost: limit)) {
      return "sender \(sender): record \(number) is damaged"
    }
    next[sender] = expected + 1
  }
  let all = Dictionary(uniqueKeysWithValues: senders.map { ($0, records) })
  return next == all ? nil : "received \(next)"
}
