// The model of the stepping suite: what became of each value, who waits for what, and whether those who wait have to.

import NexusRT

@testable import NexusChannels

/// What one run of the suite knows. All of it belongs to the runtime's thread.
final class Ledger: @unchecked Sendable {
  /// What was claimed about an item, by its id.
  struct Fate {
    var wasSent = false
    var wasReturned = false
    var received = 0
    var deinits = 0
    var channel: Int
  }

  var fates: [Fate] = []
  var operations = 0
  /// Items that were told to be somewhere.
  var events = 0
  var problems: [String] = []

  func make(_ channel: Int, _ origin: Int) -> Item {
    fates.append(Fate(channel: channel))
    return Item(id: fates.count - 1, channel: channel, origin: origin, ledger: self)
  }

  func check(_ condition: Bool, _ problem: @autoclosure () -> String) {
    if !condition && problems.count < 5 { problems.append(problem()) }
  }

  func sent(_ item: Item) {
    events += 1
    fates[item.id].wasSent = true
  }

  func returned(_ item: Item, insteadOf sent: Item) {
    check(item === sent, "item \(sent.id) was sent and item \(item.id) came back")
    fates[item.id].wasReturned = true
  }

  /// Once everything is over. `isDrained` tells of a channel whether a receiver saw its end.
  func checkEnd(isDrained: (Int) -> Bool) {
    for (id, fate) in fates.enumerated() {
      check(fate.deinits == 1, "item \(id) was deinitialised \(fate.deinits) times")
      check(fate.received <= 1, "item \(id) was received \(fate.received) times")
      check(
        fate.wasSent != fate.wasReturned, "item \(id): sent \(fate.wasSent), returned \(fate.wasReturned)")
      check(!fate.wasReturned || fate.received == 0, "item \(id) was received although it had come back")
      check(
        !fate.wasSent || fate.received == 1 || !isDrained(fate.channel),
        "item \(id) was sent, its channel was drained, and nobody received it")
    }
  }
}

/// A value that tells what happens to it. Its ids grow in the order in which a task sends.
final class Item: @unchecked Sendable {
  let id: Int
  let channel: Int
  let origin: Int
  let ledger: Ledger

  init(id: Int, channel: Int, origin: Int, ledger: Ledger) {
    self.id = id
    self.channel = channel
    self.origin = origin
    self.ledger = ledger
  }

  deinit { ledger.fates[id].deinits += 1 }
}

/// Holds an end until it is let go.
final class EndBox<End: ~Copyable> {
  var end: End?
  init(_ end: consuming End) { self.end = consume end }
}

/// A channel of any kind, as the tasks of a run share it: its core, and how to come by ends that keep it open.
struct SteppingChannel<Core: _SenderCore<Item> & _ReceiverCore<Item>> {
  let core: Core
  /// Another sender; nil when no more may exist.
  let takeSender: () -> AnyObject?
  let takeReceiver: () -> AnyObject?
  let close: (() -> Void)?
  /// How many are linked or outstanding in the waiter queues, and whether a single waiter's token is left.
  let leftovers: () -> Int
  let capacity: Int

  var count: Int { waitingValues(core) }
  var isClosedForReceiving: Bool { core.isClosedForReceiving }
  var isClosedForSending: Bool { core.isClosedForSending }
}

/// Both halves of a core have a `count`.
private func waitingValues<Core: _ReceiverCore>(_ core: Core) -> Int { core.count }

/// What a task of a run is parked for.
struct Waiting: CustomStringConvertible {
  enum Kind { case receive, send, reserve }
  var channel: Int
  var kind: Kind
  /// By a polled future: it is told, and not given anything.
  var isFuture = false

  var description: String { "\(isFuture ? "polled " : "")\(kind) at \(channel)" }
}

/// The tasks of a run and its channels.
final class SteppingRun<Core: _SenderCore<Item> & _ReceiverCore<Item>> {
  let ledger: Ledger
  let channels: [SteppingChannel<Core>]
  var steppers: [Stepper<Core>] = []
  /// Room that is set aside for permits which tasks hold.
  var permits: [Int]
  /// Whether a receiver saw the end of the channel.
  var isDrained: [Bool]
  /// Whether permits were used at a rendezvous, which may leave a value in it.
  var hadPermits = false
  let usesClock: Bool

  init(_ ledger: Ledger, _ channels: [SteppingChannel<Core>], usesClock: Bool) {
    self.ledger = ledger
    self.usesClock = usesClock
    self.channels = channels
    permits = channels.map { _ in 0 }
    isDrained = channels.map { _ in false }
  }

  /// What changes whenever a task gets on.
  var signature: [Int] {
    [ledger.operations, ledger.events]
      + channels.flatMap { [$0.count, $0.isClosedForReceiving ? 1 : 0, $0.isClosedForSending ? 1 : 0] }
      + permits
      + steppers.map { $0.isOver ? 1 : 0 }
  }

  /// Called when nothing is ready: whoever waits must have to.
  func checkParked() {
    for stepper in steppers {
      for waiting in stepper.waiting {
        let reason = reasonToGoOn(stepper, waiting)
        ledger.check(
          reason == nil,
          "task \(stepper.id) is parked (\(stepper.waiting)) although \(reason ?? ""); the others: "
            + steppers.map { "\($0.id) \($0.waiting)" }.joined(separator: ", "))
      }
    }
  }

  private func reasonToGoOn(_ stepper: Stepper<Core>, _ waiting: Waiting) -> String? {
    let channel = channels[waiting.channel]
    let others = steppers.filter { $0 !== stepper }.flatMap(\.waiting).filter {
      $0.channel == waiting.channel
    }
    switch waiting.kind {
    case .receive:
      if channel.isClosedForReceiving { return "the channel is closed" }
      if channel.count > 0 { return "there is a value" }
      if channel.capacity == 0 && others.contains(where: { $0.kind == .send }) { return "a sender waits" }
    case .send, .reserve:
      if channel.isClosedForSending { return "the channel is closed" }
      if channel.count + permits[waiting.channel] < channel.capacity { return "there is room" }
      // Room at a rendezvous is a receiver that is parked, and not promised to a permit yet.
      let parked = others.filter { $0.kind == .receive && !$0.isFuture }.count
      if waiting.kind == .reserve && channel.capacity == 0
        && parked > permits[waiting.channel] + channel.count
      {
        return "a receiver waits"
      }
    }
    return nil
  }
}
