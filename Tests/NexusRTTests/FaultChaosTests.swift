// Chaos by seed: threads wake at random, with good tokens and with stale ones of tasks, slots and runtimes that are gone,
// spawn and cancel, while tasks wait in all ways there are, end, throw, are cancelled and spawned anew, and runtimes end in
// the middle of it. Afterwards nothing is lost, left or counted twice.

import Foundation
@testable import NexusRT
import Synchronization
import Testing

@Suite struct FaultChaosTests {
  @Test(arguments: seeds(4)) func chaos_losesNothing(seed: UInt64) async throws {
    let chaos = Chaos()
    let rounds = 12 * soakFactor
    let workers = (0..<3).map { thread in
      Worker { chaos.disturb(seed: seed &* 1_000 &+ UInt64(thread)) }
    }
    for round in 0..<rounds {
      let lives = Lives()
      let counts = RoundCounts()
      let statistics = try await onThread { () -> RuntimeStatistics in
        var configuration = slab(.bounded(slots: 32))
        configuration.blocking.threads = 2
        if round % 4 == 3 { configuration.schedule = .random(seed: seed &+ UInt64(round)) }
        let runtime = try Runtime(configuration: configuration)
        chaos.open(runtime.handle)
        try runtime.blockOn {
          let scene = Scene(chaos, lives, counts)
          await scene.run(seed: seed &* 7_919 &+ UInt64(round), steps: 400, isOrderly: round % 2 == 0)
        }
        if round % 3 == 0 { chaos.close() }
        return runtime.statistics
      }
      chaos.close()
      let last = try #require(statistics.final)
      #expect(last.tasksGivenUp == 0 && last.blockingThreadsLeft == 0)
      #expect(lives.made == counts.spawned.value && lives.alive == 0)
      #expect(counts.started.value == counts.spawned.value && counts.ended.value == counts.spawned.value)
    }
    chaos.stop.set()
    for worker in workers { worker.join() }
    #expect(chaos.accepted.value == chaos.ran.value)
    #expect(chaos.lives.made > 0 && chaos.lives.alive == 0)
    #expect(chaos.wakes.value > 0)
  }

  /// What was accepted starts, also if the root ends while it lies among what is ready, in whatever order that runs.
  @Test(arguments: 1...200 as ClosedRange<UInt64>) func remoteTasks_acceptedBeforeTheEnd_allRun(seed: UInt64)
    async throws
  {
    let ran = Count()
    var configuration = Configuration.patient
    configuration.schedule = .random(seed: seed)
    try await inTask(configuration) {
      for _ in 0..<10 { try RuntimeHandle.current.spawn { ran.add() } }
      for _ in 0..<(seed % 3) { await yield() }
    }
    #expect(ran.value == 10)
  }
}

/// What became of the tasks of one runtime.
private final class RoundCounts: Sendable {
  let spawned = Count()
  let started = Count()
  let ended = Count()
}

// MARK: What the threads know

/// Tokens of all runtimes there ever were, cancellation tokens, and the runtime that is alive.
private final class Chaos: Sendable {
  let stop = Flag()
  let accepted = Count()
  let ran = Count()
  let wakes = Count()
  let lives = Lives()
  private let handle = Guarded<RuntimeHandle?>(nil)
  private let tokens = Guarded<[WakeToken]>(Array(repeating: .none, count: 256))
  private let cancellations = Guarded<[CancellationToken]>((0..<8).map { _ in CancellationToken() })

  func open(_ runtime: RuntimeHandle) { handle.withLock { $0 = runtime } }
  func close() { handle.withLock { $0 = nil } }

  /// Puts a token where the threads find it, in the place of any other.
  func keep(_ token: WakeToken, _ random: inout SeededGenerator) {
    let place = Int(random.next() % 256)
    tokens.withLock { $0[place] = token }
  }

  func wakeAny(_ random: inout SeededGenerator) {
    let place = Int(random.next() % 256)
    if tokens.withLock({ $0[place] }).wake() { wakes.add() }
  }

  func cancellation(_ random: inout SeededGenerator) -> CancellationToken {
    let place = Int(random.next() % 8)
    return cancellations.withLock { $0[place] }
  }

  /// Cancels a token, or one below it, and puts another in its place.
  private func cancelAny(_ random: inout SeededGenerator) {
    let place = Int(random.next() % 8)
    let parent = Int(random.next() % 8)
    let old = cancellations.withLock { tokens -> CancellationToken in
      let old = tokens[place]
      tokens[place] =
        tokens[parent].isCancelled || parent == place ? CancellationToken() : tokens[parent].child()
      return old
    }
    old.cancel()
  }

  /// What each thread does until it is stopped.
  func disturb(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    while !stop.isSet {
      switch random.next() % 16 {
      case 0: cancelAny(&random)
      case 1, 2: spawn(&random)
      case 3: handle.withLock { $0 }?.wake()
      // The processor is others' as well.
      case 4...6: usleep(UInt32(random.next() % 100))
      default: for _ in 0..<16 { wakeAny(&random) }
      }
    }
  }

  private func spawn(_ random: inout SeededGenerator) {
    guard let handle = handle.withLock({ $0 }) else { return }
    let tracked = SendableTracked(lives)
    let seed = random.next()
    do throws(RuntimeEndedError) {
      let task = try handle.spawn { () throws -> Void in
        self.ran.add()
        defer { _ = tracked }
        var random = SeededGenerator(seed: seed)
        if random.next() % 4 == 0 { throw TestError(number: 1) }
        try await self.pause(&random)
      }
      accepted.add()
      switch random.next() % 4 {
      case 0: task.cancel()
      case 1: try? task.valueBlocking(until: .after(.microseconds(50)))
      case 2: try? task.valueBlocking()
      default: break  // Dropped: detached.
      }
    } catch {}
  }

  /// A wait that ends by itself, by a wake or by a cancellation.
  nonisolated(nonsending) func pause(_ random: inout SeededGenerator) async throws {
    if random.next() % 2 == 0 { return try await sleep(for: .microseconds(Int(random.next() % 100))) }
    let wait = Wait(for: "chaos")
    keep(wait.token, &random)
    _ = await wait.suspend(until: .after(.microseconds(Int(random.next() % 200))))
  }

  /// A wait that only a wake or a cancellation ends.
  nonisolated(nonsending) func waitForAnybody(_ random: inout SeededGenerator) async {
    let wait = Wait(for: "chaos")
    keep(wait.token, &random)
    _ = await wait.suspend()
  }
}

// MARK: What the tasks know

/// One runtime's root task, and the tasks it spawns.
private final class Scene {
  private let chaos: Chaos
  private let lives: Lives
  private let counts: RoundCounts
  private var refs: [TaskRef] = []
  private var scopes: [CancelScope] = []
  private let handles = HandleStack<Void>(capacity: 64)
  private var isClosing = false

  init(_ chaos: Chaos, _ lives: Lives, _ counts: RoundCounts) {
    self.chaos = chaos
    self.lives = lives
    self.counts = counts
  }

  /// Does `steps` random things. Then either waits for the end of every task, or leaves all as it is to the end of the
  /// runtime.
  nonisolated(nonsending) func run(seed: UInt64, steps: Int, isOrderly: Bool) async {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<steps { await step(&random) }
    while handles.pop() != nil {}
    guard isOrderly else { return }
    isClosing = true
    chaos.close()
    while runtimeTaskCount() > 1 {
      for ref in refs { ref.cancel() }
      try? await sleep(for: .microseconds(100))
    }
    // The residents of the last ones have yet to let go of them; and a thread may have spawned one more.
    for _ in 0..<1_000 where places() < 32 || liveTimers() > 0 { try? await sleep(for: .microseconds(100)) }
    expectEqual(places(), 32)
    expectEqual(liveTimers(), 0)
    expect(refs.allSatisfy { !$0.isAlive })
    expect(scopes.allSatisfy { !$0.isCancelled })
  }

  nonisolated(nonsending) private func step(_ random: inout SeededGenerator) async {
    switch random.next() % 16 {
    case 0...5: spawn(&random, depth: 2)
    case 6: handles.pop()?.cancel()
    case 7:
      if let handle = handles.pop() {
        handle.cancel()
        try? await handle.value()
      }
    case 8:
      let limit = Duration.microseconds(Int(random.next() % 200))
      try? await withTimeout(limit) { if let handle = self.handles.pop() { try await handle.value() } }
    case 9: refs.randomElement(using: &random)?.cancel()
    case 10: scopes.randomElement(using: &random)?.cancel()
    case 11: for _ in 0..<8 { chaos.wakeAny(&random) }
    case 12: try? await sleep(for: .microseconds(Int(random.next() % 50)))
    default: await yield()
    }
    if refs.count > 512 { refs.removeAll { !$0.isAlive } }
    if scopes.count > 64 { scopes.removeFirst(32) }
  }

  /// Spawns a task, boxed or into the slab.
  private func spawn(_ random: inout SeededGenerator, depth: Int) {
    if isClosing { return }
    let seed = random.next()
    let handle: JoinHandle<Void>
    if seed % 2 == 0 {
      handle = spawnBoxed(Unique(lives)) { unique in try await self.live(unique, seed, depth) }
    } else if let claim = tryClaimSlot() {
      // Dropped now and then, as by one who changed his mind.
      if seed % 16 == 1 { return }
      handle = claim.spawn(Unique(lives)) { unique in try await self.live(unique, seed, depth) }
    } else {
      expectEqual(refusal { () throws(SlabError) in try trySpawnSlab {} }, .full)
      return
    }
    counts.spawned.add()
    refs.append(handle.ref)
    if handles.count < 64 && random.next() % 4 != 0 { handles.push(handle) }
  }

  /// A task's life.
  nonisolated(nonsending) private func live(_ unique: consuming Unique, _ seed: UInt64, _ depth: Int)
    async throws
  {
    counts.started.add()
    defer { counts.ended.add() }
    var random = SeededGenerator(seed: seed)
    for _ in 0..<(1 + random.next() % 3) { try await act(&random, depth) }
    _ = consume unique
  }

  nonisolated(nonsending) private func act(_ random: inout SeededGenerator, _ depth: Int) async throws {
    let chaos = self.chaos
    let seed = random.next()
    let span = Duration.microseconds(Int(seed % 150))
    switch random.next() % 20 {
    case 0: break
    case 1: throw Refusal(number: 1)
    case 2, 3: await chaos.waitForAnybody(&random)
    case 4, 5: try await chaos.pause(&random)
    case 6:
      let wait = Wait(for: "chaos")
      chaos.keep(wait.token, &random)
      wait.giveUp()
    case 7: try await withTimeout(span) { await chaos.waitForAnybody(&random) }
    case 8:
      try await withTimeout(span) {
        try await withTimeout(span / 2) { try await sleep(for: .seconds(1_000)) }
      }
    case 9:
      await withCancelScope { scope in
        self.scopes.append(scope)
        await chaos.waitForAnybody(&random)
      }
    case 10:
      await withCancellation(by: chaos.cancellation(&random)) { await chaos.waitForAnybody(&random) }
    case 11: _ = try await chaos.cancellation(&random).cancelled(until: .after(span))
    case 12:
      async let child: Void = chaos.waitAsChild(seed)
      await child
    case 13:
      try await withTimeout(span) {
        async let child: Void = chaos.waitAsChild(seed)
        try await sleep(for: span)
        await child
      }
    case 14:
      await withTaskGroup(of: Void.self) { group in
        for child in 0..<3 as Range<UInt64> { group.addTask { await chaos.waitAsChild(seed &+ child) } }
        await yield()
        group.cancelAll()
      }
    case 15, 16:
      if depth > 0 { spawn(&random, depth: depth - 1) }
      await yield()
    case 17:
      try await race({ try await sleep(for: span) }, { await chaos.waitAsChild(seed) })
    case 18:
      let ran = chaos.ran
      let task = try? RuntimeHandle.current.spawn { ran.add() }
      guard let task else { return }
      chaos.accepted.add()
      try await task.value()
    default:
      let token = chaos.cancellation(&random)
      _ = try await spawnBlocking { token.isCancelled }.value()
    }
  }
}

extension Chaos {
  /// As `waitForAnybody`, in a child task.
  fileprivate nonisolated(nonsending) func waitAsChild(_ seed: UInt64) async {
    var random = SeededGenerator(seed: seed)
    await waitForAnybody(&random)
  }
}
