// What the tests of futures and selects share.

import Testing

@testable import NexusChannels

@testable import NexusRT

/// How many words this thread's loop looks at for tasks that wait.
func watchedWords() -> Int { unsafe LoopState.ofThisThread!.pointee.watched.count }

/// What a task has noted, shared by tasks of one runtime.
final class Noted<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

/// The tokens of as many tasks that wait for nothing but them, once all do; each that is woken says so with its number.
nonisolated(nonsending) func waiters(
  _ count: Int, _ tasks: inout HandleList<Void>, whenWoken: @escaping (Int) -> Void = { _ in }
) async -> [WakeToken] {
  let tokens = Noted([WakeToken]())
  for index in 0..<count {
    tasks.append(
      spawnBoxed {
        let wait = Wait(for: "test")
        tokens.value.append(wait.token)
        if await wait.suspend() { whenWoken(index) }
      })
  }
  await settle()
  return tokens.value
}

/// Five tasks, of which the second and the fourth go: what the tests of dropped waiters are about.
let survivors = [0, 2, 4]

// MARK: Selects

func channel(_ capacity: Int) -> ChannelEnds<MPMC.Sender<Int>, MPMC.Receiver<Int>> {
  capacity == .max ? MPMC.unbounded(of: Int.self) : MPMC.channel(of: Int.self, capacity: capacity)
}

/// Two receives, so that they can be compared.
enum Chosen: Equatable {
  case first(Int?), second(Int?)
}

func received(_ winner: Selected2<Int?, Int?>) -> Chosen {
  switch winner {
  case .first(let value): .first(value)
  case .second(let value): .second(value)
  }
}

func received(_ winner: Selected2<Int?, Int?>?) -> Chosen? { winner.map { received($0) as Chosen } }

/// Whether nobody is registered at the channel, and no room is set aside.
func isQuiet<Element>(_ core: MPMCCore<Element>) -> Bool {
  unsafe core.withLock { block in
    unsafe block.pointee.receivers.outstanding == 0 && block.pointee.senders.outstanding == 0
      && block.pointee.futures.outstanding == 0 && block.pointee.receivers.isEmpty
      && block.pointee.senders.isEmpty && block.pointee.futures.isEmpty && block.pointee.reserved == 0
  }
}

/// A task that selects once, to send its value or to receive one: the value it received, or 0 if it sent.
func selectBothSides(
  _ tx: consuming MPMC.Sender<Int>, _ rx: consuming MPMC.Receiver<Int>, _ value: Int
) -> JoinHandle<Int> {
  spawnBoxed(tx, rx) { tx, rx in
    switch try await select(tx.sending(value), rx.receiving()) {
    case .first: return 0
    case .second(let received): return received ?? -1
    }
  }
}
