// What a task of the stepping suite does: one operation after the other, chosen by its seed, each told to the ledger.

import NexusRT

@testable import NexusChannels

/// One task of a run.
final class Stepper<Core: _SenderCore<Item> & _ReceiverCore<Item>> {
  let id: Int
  let run: SteppingRun<Core>
  var random: SeededGenerator
  /// By channel; nil where the task has no end (any more).
  var senders: [AnyObject?]
  var receivers: [AnyObject?]
  var waiting: [Waiting] = []
  /// The scope that the task's operation is in, for others to cancel.
  var scope: CancelScope?
  var isOver = false
  /// By channel and origin: the last item that this task received of it.
  private var last: [[Int: Int]]

  init(
    _ id: Int, _ run: SteppingRun<Core>, _ random: SeededGenerator, senders: [AnyObject?],
    receivers: [AnyObject?]
  ) {
    self.id = id
    self.run = run
    self.random = random
    self.senders = senders
    self.receivers = receivers
    last = run.channels.map { _ in [:] }
  }

  // MARK: What is told to the ledger

  func got(_ item: Item, of channel: Int) {
    let ledger = run.ledger
    ledger.events += 1
    ledger.fates[item.id].received += 1
    ledger.check(item.channel == channel, "item \(item.id) came out of another channel")
    let before = last[channel][item.origin] ?? -1
    ledger.check(before < item.id, "item \(item.id) came after item \(before) of task \(item.origin)")
    last[channel][item.origin] = item.id
  }

  func ended(_ channel: Int) { run.isDrained[channel] = true }

  func refused(_ error: SendError<Item>, _ item: Item) {
    run.ledger.returned(error.value, insteadOf: item)
    if case .full = error { run.ledger.check(false, "a send that waits says that the channel is full") }
  }

  func make(_ channel: Int) -> Item { run.ledger.make(channel, id) }

  /// A deadline for one of several operations: it has passed, so it is seen as soon as the loop looks, which is
  /// decided by the seed alone.
  func someDeadline() -> Deadline? { random.below(6) == 0 ? Deadline(nanoseconds: 1) : nil }

  nonisolated(nonsending) func someYields() async { for _ in 0..<random.below(3) { await yield() } }

  // MARK: Steps

  /// Does `steps` operations, or fewer if it is cancelled, and lets go of its ends.
  nonisolated(nonsending) func drive(steps: Int) async {
    for _ in 0..<steps where !isCancelled() {
      if random.below(5) == 0 {
        await withCancelScope { scope in
          self.scope = scope
          await step()
          self.scope = nil
        }
      } else if run.usesClock && random.below(4) == 0 {
        // A value that is there when the time is up counts: the step tells the ledger itself.
        try? await withTimeout(.microseconds(random.below(30))) { await step() }
      } else {
        await step()
      }
      waiting = []
      for channel in run.channels.indices { checkBound(channel) }
      if random.below(3) == 0 { await someYields() }
    }
    senders = senders.map { _ in nil }
    for channel in receivers.indices where receivers[channel] != nil { await drain(channel) }
    receivers = receivers.map { _ in nil }
    isOver = true
  }

  private func checkBound(_ channel: Int) {
    let capacity = run.channels[channel].capacity
    if capacity == 0 && run.hadPermits { return }
    run.ledger.check(
      run.channels[channel].count <= capacity, "\(run.channels[channel].count) values in channel \(channel)")
  }

  private nonisolated(nonsending) func step() async {
    run.ledger.operations += 1
    let channel = random.below(run.channels.count)
    switch random.below(20) {
    case 0: cancelAnother()
    case 1: leave(channel)
    case 2...4: await select()
    case 5, 6: if receivers[channel] != nil { await pollReceive(channel) }
    case 7, 8: if senders[channel] != nil { await pollSend(channel) }
    case 9...12:
      if receivers[channel] != nil { await receive(channel) } else { await send(channel) }
    default:
      if senders[channel] != nil { await send(channel) } else { await receive(channel) }
    }
  }

  private func cancelAnother() {
    let other = run.steppers[random.below(run.steppers.count)]
    other.scope?.cancel()
  }

  /// Rarely: an end that goes, or a channel that is closed, ends much of the run.
  private func leave(_ channel: Int) {
    switch random.below(12) {
    case 0: run.channels[channel].close?()
    case 1, 2: senders[channel] = nil
    case 3: receivers[channel] = nil
    default: break
    }
  }

  private nonisolated(nonsending) func receive(_ channel: Int) async {
    guard receivers[channel] != nil else { return }
    let core = run.channels[channel].core
    do throws(ReceiveError) {
      switch random.below(5) {
      case 0:
        switch core.take() {
        case .value(let item): got(item, of: channel)
        case .closed: ended(channel)
        case .empty: break
        }
      case 1:
        waiting = [Waiting(channel: channel, kind: .receive)]
        var batch: [Item] = []
        let deadline = someDeadline()
        _ = try await core.receive(into: &batch, atMost: 1 + random.below(4), until: deadline)
        for item in batch { got(item, of: channel) }
      default:
        waiting = [Waiting(channel: channel, kind: .receive)]
        got(try await core.receive(until: someDeadline()), of: channel)
      }
    } catch {
      if error == .closed { ended(channel) }
    }
  }

  private nonisolated(nonsending) func send(_ channel: Int) async {
    guard senders[channel] != nil else { return }
    let core = run.channels[channel].core
    switch random.below(6) {
    case 0:
      let item = make(channel)
      switch core.offer(item) {
      case .sent: run.ledger.sent(item)
      case .full(let back), .closed(let back): run.ledger.returned(back, insteadOf: item)
      }
    case 1: await sendBatch(channel)
    case 2: await sendByPermit(channel)
    default:
      let item = make(channel)
      waiting = [Waiting(channel: channel, kind: .send)]
      do throws(SendError<Item>) {
        try await core.send(item, until: someDeadline())
        run.ledger.sent(item)
      } catch { refused(error, item) }
    }
  }

  private nonisolated(nonsending) func sendBatch(_ channel: Int) async {
    let items = (0..<(1 + random.below(4))).map { _ in make(channel) }
    waiting = [Waiting(channel: channel, kind: .send)]
    do throws(SendError<[Item]>) {
      try await run.channels[channel].core.send(contentsOf: items[...], until: someDeadline())
      for item in items { run.ledger.sent(item) }
    } catch {
      let sent = items.count - error.value.count
      for item in items[..<sent] { run.ledger.sent(item) }
      for (item, back) in zip(items[sent...], error.value) { run.ledger.returned(back, insteadOf: item) }
    }
  }

  private nonisolated(nonsending) func sendByPermit(_ channel: Int) async {
    let core = run.channels[channel].core
    waiting = [Waiting(channel: channel, kind: .reserve)]
    guard (try? await core.reserve(until: someDeadline())) != nil else { return }
    waiting = []
    run.hadPermits = true
    run.permits[channel] += 1
    // Another channel's receive, or nothing, while the permit is held.
    if random.below(3) == 0 { await someYields() }
    let permit = SendPermit(core)
    run.permits[channel] -= 1
    if random.below(4) == 0 { return }
    let item = make(channel)
    do throws(SendError<Item>) {
      try permit.send(item)
      run.ledger.sent(item)
    } catch { refused(error, item) }
  }

  /// What is left of a channel whose receiver this task holds; not always.
  private nonisolated(nonsending) func drain(_ channel: Int) async {
    if random.below(4) == 0 { return }
    let core = run.channels[channel].core
    while true {
      waiting = [Waiting(channel: channel, kind: .receive)]
      do throws(ReceiveError) {
        got(try await core.receive(), of: channel)
      } catch {
        waiting = []
        if error == .closed { ended(channel) }
        return
      }
      run.ledger.operations += 1
    }
  }
}
