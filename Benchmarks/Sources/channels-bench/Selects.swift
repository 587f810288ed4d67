// Our side of the select and cancellation workloads.

import BenchSupport
import NexusChannels
import NexusRT

/// Selects among four receivers that are ready; each iteration sends the next value into the channel it took from.
nonisolated(nonsending) func selectAmong4<
  Sender: ChannelSender<UInt64> & ~Copyable, Receiver: ChannelReceiver<UInt64> & ~Copyable
>(
  _ count: Int, _ make: () -> Ends<Sender, Receiver>
) async throws -> Outcome {
  let (a, b, c, d) = (Quad(make()), Quad(make()), Quad(make()), Quad(make()))
  var next: UInt64 = 0
  for channel in [a, b, c, d] {
    try channel.sender.trySend(next)
    next += 1
  }
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
  var ra = a.takeReceiver(), rb = b.takeReceiver(), rc = c.takeReceiver(), rd = d.takeReceiver()
  let start = now()
  while messages < UInt64(count) {
    let value: UInt64?
    let from: Quad<Sender, Receiver>
    switch try await select(ra.receiving(), rb.receiving(), rc.receiving(), rd.receiving()) {
    case .first(let got): (value, from) = (got, a)
    case .second(let got): (value, from) = (got, b)
    case .third(let got): (value, from) = (got, c)
    case .fourth(let got): (value, from) = (got, d)
    }
    checksum &+= value!
    messages += 1
    if next < UInt64(count) {
      try from.sender.trySend(next)
      next += 1
    }
  }
  let time = Double(now() - start)
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
}

/// One of the four channels, so that the one that won can be named.
final class Quad<Sender: ~Copyable, Receiver: ~Copyable> {
  @exclusivity(unchecked) var sender: Sender
  private var receiver: Receiver?

  init(_ ends: consuming ChannelEnds<Sender, Receiver>) {
    sender = ends.sender
    receiver = .some(ends.receiver)
  }

  func takeReceiver() -> Receiver { receiver.take()! }
}

/// So many held receives wait at one channel; one at a time, chosen at random, is dropped and another polled, which waits
/// behind all others.
func cancelling(_ waiting: Int, _ count: Int) throws -> Outcome {
  try inRuntime {
    let ends = MPMC.channel(of: UInt64.self, capacity: max(64, waiting))
    let sender = ends.sender
    let receiver = ends.receiver
    let wait = Wait(for: "cancelling")
    typealias Future = OwnedReceiveFuture<MPMC.Receiver<UInt64>>
    let futures = UnsafeMutablePointer<Future>.allocate(capacity: waiting)
    defer { futures.deallocate() }
    for index in 0..<waiting {
      (futures + index).initialize(to: receiver.clone().intoReceiving())
      _ = try futures[index].poll(waking: wait.token)
    }
    var victims = Victims()
    let start = now()
    for _ in 0..<count {
      let victim = futures + victims.next(below: waiting)
      victim.pointee = receiver.clone().intoReceiving()
      _ = try victim.pointee.poll(waking: wait.token)
    }
    let time = now() - start
    var messages: UInt64 = 0
    var checksum: UInt64 = 0
    for value in 0..<UInt64(waiting) { try sender.trySend(value) }
    for index in 0..<waiting {
      if let value = try futures[index].poll(waking: wait.token) {
        messages += 1
        checksum &+= value
      }
    }
    wait.giveUp()
    futures.deinitialize(count: waiting)
    return Outcome(nanoseconds: Double(time) / Double(count), messages: messages, checksum: checksum)
  }
}

/// The same with tasks that wait to receive: one is cancelled through its handle and ends, another is spawned.
func cancellingTasks(_ waiting: Int, _ count: Int) throws -> Outcome {
  try inRuntime {
    let ends = MPMC.channel(of: UInt64.self, capacity: 64)
    let received = Received()
    let sender = ends.sender
    let receiver = ends.receiver
    let handles = UnsafeMutablePointer<JoinHandle<Void>>.allocate(capacity: waiting)
    defer { handles.deallocate() }
    for index in 0..<waiting { (handles + index).initialize(to: waiter(receiver.clone(), received)) }
    await yield()
    var victims = Victims()
    let start = now()
    for _ in 0..<count {
      let victim = handles + victims.next(below: waiting)
      victim.pointee.cancel()
      await yield()
      victim.pointee = waiter(receiver.clone(), received)
      await yield()
    }
    let time = now() - start
    for value in 0..<UInt64(waiting) { try await sender.send(value) }
    for index in 0..<waiting { try await (handles + index).move().value() }
    return Outcome(
      nanoseconds: Double(time) / Double(count), messages: received.messages, checksum: received.checksum)
  }
}

/// What the waiting tasks received.
final class Received {
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
}

private func waiter(_ receiver: consuming MPMC.Receiver<UInt64>, _ received: Received) -> JoinHandle<Void> {
  spawnBoxed(receiver) { receiver in
    guard let value = try? await receiver.receive() else { return }
    received.messages += 1
    received.checksum &+= value
  }
}

/// The generator with which all sides choose their victims (Benchmarks/README.md).
private struct Victims {
  private var state: UInt64 = 1

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
}
