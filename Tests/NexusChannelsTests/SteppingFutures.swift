// The stepping suite's operations on several things at a time: futures that are polled, left alone and dropped, and selects.

import NexusRT

@testable import NexusChannels

extension Stepper {
  /// Polls a receive some times; in between it waits for its token, or leaves it alone.
  nonisolated(nonsending) func pollReceive(_ channel: Int) async {
    var future = ReceiveFuture(run.channels[channel].core)
    do throws(ReceiveError) {
      for _ in 0..<(1 + random.below(4)) {
        let wait = Wait(for: "test")
        if let item = try future.poll(waking: wait.token) {
          wait.giveUp()
          got(item, of: channel)
          continue
        }
        switch random.below(3) {
        case 0:
          wait.giveUp()
          await someYields()
        default:
          waiting = [Waiting(channel: channel, kind: .receive, isFuture: true)]
          let outcome = await wait.suspend(until: someDeadline())
          waiting = []
          if outcome == .cancelled { return }
        }
      }
    } catch { if error == .closed { ended(channel) } }
    switch random.below(3) {
    case 0: break  // Dropped, polled or not.
    case 1:
      waiting = [Waiting(channel: channel, kind: .receive)]
      do throws(ReceiveError) { got(try await future.value(until: someDeadline()), of: channel) } catch {
        if error == .closed { ended(channel) }
      }
    default: await selectWith(future, channel)
    }
  }

  private nonisolated(nonsending) func selectWith(_ future: consuming ReceiveFuture<Core>, _ channel: Int)
    async
  {
    waiting = [Waiting(channel: channel, kind: .receive)]
    let alarm = Alarm.at(Deadline(nanoseconds: random.below(2) == 0 ? 1 : .max))
    guard let winner = try? await NexusChannels.select(future, alarm) else { return }
    if case .first(let item) = winner { settle(item, channel) }
  }

  func settle(_ item: Item?, _ channel: Int) {
    if let item { got(item, of: channel) } else { ended(channel) }
  }

  nonisolated(nonsending) func pollSend(_ channel: Int) async {
    let item = make(channel)
    var future = SendFuture(run.channels[channel].core, item)
    do throws(SendError<Item>) {
      for _ in 0..<(1 + random.below(4)) {
        let wait = Wait(for: "test")
        if try future.poll(waking: wait.token) {
          wait.giveUp()
          run.ledger.sent(item)
          return
        }
        switch random.below(3) {
        case 0:
          wait.giveUp()
          await someYields()
        default:
          waiting = [Waiting(channel: channel, kind: .send, isFuture: true)]
          _ = await wait.suspend(until: someDeadline())
          waiting = []
        }
      }
      if random.below(2) == 0 {
        waiting = [Waiting(channel: channel, kind: .send)]
        try await future.send(until: someDeadline())
        run.ledger.sent(item)
        return
      }
    } catch {
      refused(error, item)
      return
    }
    if let back = future.cancel() {
      run.ledger.returned(back, insteadOf: item)
    } else {
      run.ledger.sent(item)
    }
  }

  // MARK: Select

  func settle(_ result: Result<Void, SendError<Item>>, _ item: Item) {
    switch result {
    case .success: run.ledger.sent(item)
    case .failure(let error): refused(error, item)
    }
  }

  /// The value of an arm that lost stays with its task.
  func lost(_ item: Item) { run.ledger.returned(item, insteadOf: item) }

  var order: SelectOrder { random.below(2) == 0 ? .fair : .listed }

  /// Over two operations, whatever ends the task has: two channels or twice the same.
  nonisolated(nonsending) func select() async {
    let first = random.below(run.channels.count)
    let second = random.below(run.channels.count)
    switch random.below(4) {
    case 0 where receivers[first] != nil && receivers[second] != nil: await selectReceives(first, second)
    case 1 where senders[first] != nil && senders[second] != nil: await selectSends(first, second)
    case 2 where senders[first] != nil && receivers[second] != nil: await trySelectBoth(first, second)
    default:
      if senders[first] != nil && receivers[second] != nil { await selectBoth(first, second) }
    }
  }

  /// One receiver of a kind that has but one is used once at a time.
  private func mayShare(_ first: Int, _ second: Int) -> Bool {
    first != second || Core.self is any SharedCore.Type
  }

  private nonisolated(nonsending) func selectReceives(_ first: Int, _ second: Int) async {
    guard mayShare(first, second) else { return }
    let a = ReceiveFuture(run.channels[first].core)
    let b = ReceiveFuture(run.channels[second].core)
    waiting = [Waiting(channel: first, kind: .receive), Waiting(channel: second, kind: .receive)]
    let alarm = Alarm.at(random.below(3) == 0 ? .after(.microseconds(0)) : Deadline(nanoseconds: .max))
    guard let winner = try? await NexusChannels.select(a, b, alarm, order: order) else { return }
    switch winner {
    case .first(let item): settle(item, first)
    case .second(let item): settle(item, second)
    case .third: break
    }
  }

  private nonisolated(nonsending) func selectSends(_ first: Int, _ second: Int) async {
    guard mayShare(first, second) || !(Core.self is SPSCCore<Item>.Type) else { return }
    let one = make(first)
    let other = make(second)
    let a = SendFuture(run.channels[first].core, one)
    let b = SendFuture(run.channels[second].core, other)
    waiting = [Waiting(channel: first, kind: .send), Waiting(channel: second, kind: .send)]
    guard let winner = try? await NexusChannels.select(a, b, order: order) else {
      lost(one)
      lost(other)
      return
    }
    switch winner {
    case .first(let result):
      settle(result, one)
      lost(other)
    case .second(let result):
      settle(result, other)
      lost(one)
    }
  }

  private nonisolated(nonsending) func selectBoth(_ first: Int, _ second: Int) async {
    let item = make(first)
    let a = SendFuture(run.channels[first].core, item)
    let b = ReceiveFuture(run.channels[second].core)
    waiting = [Waiting(channel: first, kind: .send), Waiting(channel: second, kind: .receive)]
    let winner: Selected2<Result<Void, SendError<Item>>, Item?>?
    if random.below(2) == 0 {
      winner = try? await NexusChannels.select(a, b, order: order)
    } else {
      switch try? await NexusChannels.select(b, a, order: order) {
      case .first(let got)?: winner = .second(got)
      case .second(let result)?: winner = .first(result)
      case nil: winner = nil
      }
    }
    settle(winner, item, second)
  }

  private nonisolated(nonsending) func trySelectBoth(_ first: Int, _ second: Int) async {
    let item = make(first)
    let a = SendFuture(run.channels[first].core, item)
    let b = ReceiveFuture(run.channels[second].core)
    settle(trySelect(a, b, order: order), item, second)
  }

  private func settle(
    _ winner: Selected2<Result<Void, SendError<Item>>, Item?>?, _ item: Item, _ channel: Int
  ) {
    switch winner {
    case .first(let result)?: settle(result, item)
    case .second(let received)?:
      run.ledger.check(received !== item, "a select met itself")
      settle(received, channel)
      lost(item)
    case nil: lost(item)
    }
  }
}

/// Cores whose ends may be used by several at a time.
protocol SharedCore {}
extension MPMCCore: SharedCore {}
