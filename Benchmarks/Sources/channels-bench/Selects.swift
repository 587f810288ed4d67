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
  let a = make()
  let b = make()
  let c = make()
  let d = make()
  var sa = a.sender
  var sb = b.sender
  var sc = c.sender
  var sd = d.sender
  var ra = a.receiver
  var rb = b.receiver
  var rc = c.receiver
  var rd = d.receiver
  try sa.trySend(0)
  try sb.trySend(1)
  try sc.trySend(2)
  try sd.trySend(3)
  var next: UInt64 = 4
  let last = UInt64(count)
  var messages: UInt64 = 0
  var checksum: UInt64 = 0
  let start = now()
  while messages < last {
    messages += 1
    defer { next += 1 }
    switch try await select(ra.receiving(), rb.receiving(), rc.receiving(), rd.receiving()) {
    case .first(let value):
      checksum &+= value!
      if next < last { try sa.trySend(next) }
    case .second(let value):
      checksum &+= value!
      if next < last { try sb.trySend(next) }
    case .third(let value):
      checksum &+= value!
      if next < last { try sc.trySend(next) }
    case .fourth(let value):
      checksum &+= value!
      if next < last { try sd.trySend(next) }
    }
  }
  let time = Double(now() - start)
  return Outcome(nanoseconds: time / Double(count), messages: messages, checksum: checksum)
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
