// Threads wake random tasks with good and with stale tokens, while the tasks wait, give up, are cancelled and end.
// A task goes on only when everything it was sent has arrived, so that a lost wake shows as a test that hangs.

import NexusRT
import Synchronization
import Testing

@Suite struct WakeStressTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func wakes_fromManyThreads_areNeverLost(seed: UInt64)
    async throws
  {
    let board = Board(tasks: 16, threads: 3, rounds: 3_000)
    try await inTask(busy: seed % 2 == 0) {
      let workers = (0..<board.threads).map { thread in
        Worker { board.wakeEverybody(seed: seed &* 100 &+ UInt64(thread)) }
      }
      var handles: [Kept<JoinHandle<Void>>] = []
      for place in board.places {
        handles.append(
          Kept(
            spawnBoxed {
              var random = SeededGenerator(seed: seed ^ UInt64(place.number))
              while place.sent.load(ordering: .sequentiallyConsistent) < board.total {
                await place.receive(&random)
              }
            }))
      }
      for handle in handles { try await handle.take().value() }
      for worker in workers { worker.join() }
    }
  }
}

/// One task's place: how much it was sent, and the token of its wait.
private final class Place: Sendable {
  let number: Int
  let sent = Atomic(0)
  private let bits = Atomic<UInt64>(0)
  init(_ number: Int) { self.number = number }

  func send() {
    sent.wrappingAdd(1, ordering: .sequentiallyConsistent)
    token.wake()
  }

  var token: WakeToken { unsafe WakeToken(uncheckedRawValue: bits.load(ordering: .sequentiallyConsistent)) }

  /// Waits for something new, in one of the ways there are.
  nonisolated(nonsending) func receive(_ random: inout SeededGenerator) async {
    switch Int.random(in: 0..<8, using: &random) {
    case 0:  // Arm, and give up.
      let wait = Wait(for: "test")
      bits.store(wait.token.rawValue, ordering: .sequentiallyConsistent)
      wait.giveUp()
    case 1:  // Wait in a child task.
      async let child: Void = waitForNews()
      await child
    case 2:  // Give up in a child task.
      async let child: Void = armAndGiveUp()
      await child
    case 3:  // Be cancelled in another task, which may be woken at the same time.
      let task = spawnBoxed { await self.waitForNews() }
      await yield()
      task.cancel()
      try? await task.value()
    case 4:  // Be cancelled in a child task.
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.waitForNews() }
        await yield()
        group.cancelAll()
      }
    case 5: try? await sleep(for: .microseconds(5))
    default: await waitForNews()
    }
  }

  private nonisolated(nonsending) func waitForNews() async {
    let before = sent.load(ordering: .sequentiallyConsistent)
    if before == Board.all { return }
    let wait = Wait(for: "test")
    bits.store(wait.token.rawValue, ordering: .sequentiallyConsistent)
    if sent.load(ordering: .sequentiallyConsistent) != before {
      wait.giveUp()
      return
    }
    _ = await wait.suspend()
  }

  private nonisolated(nonsending) func armAndGiveUp() async {
    let wait = Wait(for: "test")
    bits.store(wait.token.rawValue, ordering: .sequentiallyConsistent)
    wait.giveUp()
  }
}

private final class Board: Sendable {
  static let all = 3 * 3_000
  let places: [Place]
  let threads: Int
  let rounds: Int
  var total: Int { threads * rounds }

  init(tasks: Int, threads: Int, rounds: Int) {
    places = (0..<tasks).map { Place($0) }
    self.threads = threads
    self.rounds = rounds
  }

  /// Sends every place `rounds` times, in random order, and wakes with old tokens in between.
  func wakeEverybody(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var old: [WakeToken] = [.none]
    for _ in 0..<rounds {
      for place in places.shuffled(using: &random) {
        old.append(place.token)
        place.send()
        old.randomElement(using: &random)!.wake()
        if old.count > 64 { old.removeFirst(32) }
      }
    }
  }
}
