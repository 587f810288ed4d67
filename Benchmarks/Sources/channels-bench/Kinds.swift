// Our side of the workloads, written once against the common surface of the channels: that it costs nothing once it is
// specialised is part of what is measured (`pairs` has a line with the kind's own type for comparison).

import BenchSupport
import NexusChannels
import NexusRT

/// The two ends of a new channel of UInt64.
typealias Ends<Sender: ChannelSender<UInt64> & ~Copyable, Receiver: ChannelReceiver<UInt64> & ~Copyable> =
  ChannelEnds<Sender, Receiver>

/// Runs `body` in a runtime of its own.
func inRuntime(_ body: sending nonisolated(nonsending) @escaping () async throws -> Outcome) throws -> Outcome
{
  let runtime = try Runtime()
  return try runtime.blockOn(body)
}

/// Receives until the channel closes.
@inline(__always)
nonisolated(nonsending) func drain<Receiver: ChannelReceiver<UInt64> & ~Copyable>(
  _ receiver: inout Receiver
) async throws -> (messages: UInt64, checksum: UInt64) {
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
  while let value = try await receiver.next() {
    messages += 1
    checksum &+= value
  }
  return (messages, checksum)
}

/// Try to send, try to receive, on one thread.
func pairsOn<Sender: ChannelSender<UInt64> & ~Copyable, Receiver: ChannelReceiver<UInt64> & ~Copyable>(
  _ ends: consuming Ends<Sender, Receiver>, _ count: Int
) throws -> Outcome {
  var sender = ends.sender
  var receiver = ends.receiver
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
  let time = try nanoseconds {
    for value in 0..<UInt64(count) {
      try sender.trySend(value)
      if let value = try receiver.tryReceive() {
        messages += 1
        checksum &+= value
      }
    }
  }
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
}

/// Two tasks hand each value to and fro.
nonisolated(nonsending) func pingPongOn<
  Sender: ChannelSender<UInt64> & ~Copyable, Receiver: ChannelReceiver<UInt64> & ~Copyable
>(_ there: consuming Ends<Sender, Receiver>, _ back: consuming Ends<Sender, Receiver>, _ count: Int)
  async throws
  -> Outcome
{
  let start = now()
  // A switch is half a round trip.
  let rounds = UInt64(count)
  let ping = spawnBoxed(there.sender, back.receiver) { sender, receiver in
    var sender = sender
    var receiver = receiver
    var sum: UInt64 = 0
    for value in 0..<rounds {
      try await sender.send(value)
      sum &+= try await receiver.receive()
    }
    return sum
  }
  let pong = spawnBoxed(back.sender, there.receiver) { sender, receiver in
    var sender = sender
    var receiver = receiver
    while let value = try await receiver.next() { try await sender.send(value) }
  }
  let sum = try await ping.value()
  try await pong.value()
  let time = Double(now() - start)
  return Outcome(nanoseconds: time / Double(count) / 2, messages: rounds, checksum: sum)
}

/// One task sends, another receives.
nonisolated(nonsending) func sameThreadOn<
  Sender: ChannelSender<UInt64> & ~Copyable, Receiver: ChannelReceiver<UInt64> & ~Copyable
>(_ ends: consuming Ends<Sender, Receiver>, _ count: Int) async throws -> Outcome {
  let start = now()
  let producer = spawnBoxed(ends.sender) { sender in
    var sender = sender
    for value in 0..<UInt64(count) { try await sender.send(value) }
  }
  let consumer = spawnBoxed(ends.receiver) { receiver in
    var receiver = receiver
    return try await drain(&receiver)
  }
  try await producer.value()
  let (messages, checksum) = try await consumer.value()
  let time = Double(now() - start)
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
}

/// `pairsOn` without the protocol.
func pairsOnLocal(_ count: Int) throws -> Outcome {
  let ends = Local.channel(of: UInt64.self, capacity: 64)
  let sender = ends.sender
  var receiver = ends.receiver
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
  let time = try nanoseconds {
    for value in 0..<UInt64(count) {
      try sender.trySend(value)
      if let value = try receiver.tryReceive() {
        messages += 1
        checksum &+= value
      }
    }
  }
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
}

/// Makes channels for one value each, sends and receives.
func oneshots(_ count: Int) throws -> Outcome {
  try inRuntime {
    var checksum: UInt64 = 0
    let start = now()
    for value in 0..<UInt64(count) {
      let ends = Oneshot.channel(of: UInt64.self)
      try ends.sender.send(value)
      checksum &+= try await ends.receiver.receive()
    }
    let time = Double(now() - start)
    return Outcome(nanoseconds: time / Double(count), messages: UInt64(count), checksum: checksum)
  }
}
