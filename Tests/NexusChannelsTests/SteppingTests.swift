// Deterministic exploration: some tasks do what a seed tells them at one or two channels of a kind, in an order that the same
// seed decides, against a model (SteppingModel.swift). NEXUS_SEED repeats a failure, of which the seed and the schedule's
// hash are told.

import NexusChannels
import Synchronization
import Testing

@testable import NexusRT

@Suite struct SteppingTests {
  static let seeds = scaled(800)

  @Test(arguments: [1, 3]) func local_onAnySchedule_keepsItsPromises(capacity: Int) throws {
    try explore("Local \(capacity)") { steppingLocal(capacity) }
  }

  @Test(arguments: [1, 3]) func spsc_onAnySchedule_keepsItsPromises(capacity: Int) throws {
    try explore("SPSC \(capacity)") { steppingSPSC(capacity) }
  }

  @Test(arguments: [1, 3]) func mpsc_onAnySchedule_keepsItsPromises(capacity: Int) throws {
    try explore("MPSC \(capacity)") { steppingMPSC(capacity) }
  }

  @Test(arguments: [0, 1, 3, Int.max]) func mpmc_onAnySchedule_keepsItsPromises(capacity: Int) throws {
    try explore("MPMC \(capacity)") { steppingMPMC(capacity) }
  }

  @Test func sameSeed_givesTheSameRun() throws {
    try Worker {
      for seed in UInt64(1)...10 where !usesClock(seed) {
        let first = try step(seed: seed) { steppingMPMC(1) }
        let second = try step(seed: seed) { steppingMPMC(1) }
        #expect(first.hash == second.hash && first.operations == second.operations)
      }
    }.join()
  }

  private func explore<Core: SendableMetatype>(
    _ name: String, _ make: @escaping @Sendable () -> SteppedChannel<Core>
  ) throws {
    let first = freshSeed()
    let operations = try Worker {
      var operations = 0
      for seed in first..<first + UInt64(SteppingTests.seeds) {
        let outcome = try step(seed: seed, make)
        operations += outcome.operations
        if let problem = outcome.problems.first {
          Issue.record(
            "\(name), NEXUS_SEED=\(seed), schedule hash \(outcome.hash): \(problem) (and \(outcome.problems.count - 1) more)"
          )
          break
        }
      }
      return operations
    }.join()
    explored.add(operations, ordering: .relaxed)
    print("explored \(name): \(operations) operations, \(explored.load(ordering: .relaxed)) in all")
  }
}

private let explored = Atomic<Int>(0)

struct SteppingOutcome: Sendable {
  var hash: UInt64
  var operations: Int
  var problems: [String]
}

/// Whether a run has time limits, which end by the clock: such a run is not quite repeated by its seed.
private func usesClock(_ seed: UInt64) -> Bool { seed % 16 == 5 }

/// One run, in a runtime of its own on the calling thread.
func step<Core: SendableMetatype>(
  seed: UInt64, _ make: @escaping @Sendable () -> SteppedChannel<Core>
) throws -> SteppingOutcome {
  var configuration = Configuration()
  configuration.schedule = .random(seed: seed)
  let ledger = Ledger()
  let runtime = try Runtime(configuration: configuration)
  try runtime.blockOn { try await stepTasks(ledger, seed, make) }
  return SteppingOutcome(
    hash: runtime.counters.scheduleHash, operations: ledger.operations, problems: ledger.problems)
}

private nonisolated(nonsending) func stepTasks<Core>(
  _ ledger: Ledger, _ seed: UInt64, _ make: () -> SteppedChannel<Core>
) async throws {
  var random = SeededGenerator(seed: seed)
  let channels = (0..<(1 + random.below(2))).map { _ in make() }
  let run = SteppingRun(ledger, channels.map(\.channel), usesClock: usesClock(seed))
  var handles = HandleList<Void>()
  for id in 0..<(3 + random.below(4)) {
    // The single ends first go to the first two, so that every kind has somebody on both sides.
    let stepper = Stepper(
      id, run, SeededGenerator(seed: random.next()),
      senders: run.channels.map { id == 0 || random.below(3) == 0 ? nil : $0.takeSender() },
      receivers: run.channels.map { id > 0 && random.below(2) == 0 ? nil : $0.takeReceiver() })
    run.steppers.append(stepper)
  }
  for stepper in run.steppers {
    let steps = 10 + random.below(40)
    handles.append(spawnBoxed { await stepper.drive(steps: steps) })
  }
  for channel in channels { channel.drop() }
  try await watch(run, &handles, &random, seed)
  _ = try await handles.values()
  for channel in channels {
    ledger.check(channel.channel.leftovers() == 0, "\(channel.channel.leftovers()) waiters are left")
    channel.release()
  }
  ledger.checkEnd { run.isDrained[$0] }
}

/// Looks after each turn whether anything can go on. If nothing can, those who wait must have to, and one of them is cancelled.
private nonisolated(nonsending) func watch<Core>(
  _ run: SteppingRun<Core>, _ handles: inout HandleList<Void>, _ random: inout SeededGenerator,
  _ seed: UInt64
) async throws {
  var idle = 0
  var seen: [Int] = []
  var looks = 0
  while run.steppers.contains(where: { !$0.isOver }) {
    // A moment that has passed: the loop's next look at its timers ends this.
    _ = await Wait(for: "watch").suspend(until: Deadline(nanoseconds: 1))
    looks += 1
    if looks == 100_000 {
      let tasks = run.steppers.map { "\($0.id) \($0.waiting) \($0.isOver)" }
      fatalError("NEXUS_SEED=\(seed): the run goes on for ever: \(tasks)")
    }
    let isIdle = isNothingElseReady && run.signature == seen
    idle = isIdle ? idle + 1 : 0
    seen = run.signature
    // Twice more than a watched word needs to be looked at.
    if idle < 4 { continue }
    run.checkParked()
    idle = 0
    let waiting = run.steppers.indices.filter { !run.steppers[$0].isOver }
    handles.cancel(waiting[random.below(waiting.count)])
  }
}

private var isNothingElseReady: Bool {
  let loop = unsafe LoopState.ofThisThread!
  return unsafe loop.pointee.runQueue.isEmpty && loop.pointee.schedule!.ready.isEmpty
    && (loop.pointee.timers.next ?? .max) > 1 << 62
}
