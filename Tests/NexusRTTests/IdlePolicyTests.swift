// What the loop does while nothing is ready: parks, spins, or looks for a while first; and that it can be changed.

@testable import NexusRT
import Testing

@Suite struct IdlePolicyTests {
  @Test func park_isTheDefault_andParksAtOnce() async throws {
    try await inTask {
      expectEqual(idlePolicy(), .park)
      let before = runtimeCounters()
      let sleeps = try await sleepUntilParked(20)
      // Not many turns more than the sleeps need: nobody else is at work.
      let turns = runtimeCounters().turns - before.turns
      expect(turns <= 3 * UInt64(sleeps) + 10, "\(turns) turns for \(sleeps) sleeps")
    }
  }

  @Test func spin_neverParks_andWakesAreSeen() async throws {
    try await inTask(.idling(.spin)) {
      let before = runtimeCounters()
      for _ in 1...20 { try await sleep(for: .microseconds(100)) }
      await beWokenByAThread()
      let after = runtimeCounters()
      expectEqual(after.parks, before.parks)
      expect(after.foreignWakes > before.foreignWakes)
    }
  }

  /// A look that missed any of these would go on for a thousand seconds.
  @Test func adaptive_seesInItsLook_deadlines_otherThreads_andTheKernel() async throws {
    try await inTask(.idling(.adaptive(spin: .seconds(1_000)))) {
      for _ in 1...20 { try await sleep(for: .microseconds(100)) }
      await beWokenByAThread()
      let pipe = Pipe()
      let one = IOBuffer(count: 1)
      let input = Kept(File(borrowing: pipe.input.descriptor))
      let reader = spawnBoxed {
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        return try await input.value!.read(into: &bytes)
      }
      try await sleep(for: .microseconds(50))
      _ = try await pipe.output.write(one.bytes)
      expectEqual(try await reader.value(), 1)
    }
  }

  @Test func adaptive_afterItsBudget_parks_andFindsLessAndLessWorthALook() async throws {
    try await inTask(.idling(.adaptive(spin: .microseconds(200)))) {
      _ = try await sleepUntilParked(10)
    }
  }

  @Test func adaptive_withNothing_parksAtOnce() async throws {
    try await inTask(.idling(.adaptive(spin: .zero))) {
      await beWokenByAThread()
      _ = try await sleepUntilParked(10)
    }
  }

  @Test func policy_isChanged_fromATask_andFromOutside() async throws {
    try await inRuntime { runtime in
      runtime.idlePolicy = .spin
      try runtime.blockOn {
        expectEqual(idlePolicy(), .spin)
        let before = runtimeCounters().parks
        try await sleep(for: .milliseconds(1))
        expectEqual(runtimeCounters().parks, before)
        setIdlePolicy(.adaptive(spin: .zero))
        _ = try await sleepUntilParked(1)
      }
      expectEqual(runtime.idlePolicy, .adaptive(spin: .zero))
    }
  }

  @Test func blockOnBusy_spins_whateverThePolicyIs_andNoLongerAfterwards() async throws {
    try await inRuntime { runtime in
      let before = runtime.counters.parks
      try runtime.blockOnBusy {
        setIdlePolicy(.park)
        try await sleep(for: .milliseconds(1))
      }
      expectEqual(runtime.counters.parks, before)
      try runtime.blockOn { _ = try await sleepUntilParked(1) }
    }
  }

  @Test func looks_areHalved_whileTheyAreOfNoUse_andWholeAgainOnceTheyAre() {
    var idle = IdleState(.adaptive(spin: .microseconds(160)))
    #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
    for length: UInt64 in [80_000, 40_000, 20_000, 10_000, 10_000] {
      idle.looked(found: false)
      #expect(idle.look(wakes: 0, isWatching: false) == length)
    }
    idle.looked(found: true)
    #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
    idle.looked(found: false)
    idle.parked(for: 160_000)
    #expect(idle.look(wakes: 0, isWatching: false) == 80_000)
    idle.parked(for: 159_999)
    #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
  }

  @Test func park_looksOnly_whereOthersAreAtWork() {
    var idle = IdleState(.park)
    #expect(idle.look(wakes: 0, isWatching: false) == 0)
    #expect(idle.look(wakes: 1, isWatching: false) == 20_000)
    #expect(idle.look(wakes: 1, isWatching: false) == 0)
    #expect(idle.look(wakes: 1, isWatching: true) == 20_000)
    #expect(!idle.measuresParks && idle.mayPark)
    idle.set(.spin)
    #expect(!idle.mayPark)
    idle.isBusyCall = true
    idle.set(.park)
    #expect(!idle.mayPark)
    idle.isBusyCall = false
    #expect(idle.mayPark)
  }

  /// What was prepared for the kernel must not wait until a look for other threads' work has ended.
  @Test func operations_areSubmitted_beforeALook() async throws {
    try await inTask {
      let pipe = Pipe()
      let output = Kept(File(borrowing: pipe.output.descriptor))
      let one = IOBuffer(count: 1)
      for _ in 1...50 {
        await beWokenByAThread()
        let before = runtimeCounters().turns
        _ = try await output.value!.write(one.bytes)
        expect(runtimeCounters().turns - before < 20, "\(runtimeCounters().turns - before) turns for a write")
      }
    }
  }

  /// A look must not make the sleep that follows it longer than it has to be.
  @Test func sleep_afterALook_isNotEarly() async throws {
    try await inTask {
      for microseconds in [60, 200, 1_000] {
        await beWokenByAThread()
        let start = Deadline.now
        try await sleep(for: .microseconds(microseconds))
        expect(start.duration(to: .now) >= .microseconds(microseconds))
      }
    }
  }

  private nonisolated(nonsending) func beWokenByAThread() async {
    let published = PublishedToken()
    let worker = Worker {
      while published.token == .none {}
      published.token.wake()
    }
    let wait = Wait(for: "test")
    published.publish(wait.token)
    _ = await wait.suspend()
    worker.join()
  }
}

/// Sleeps until the loop has parked so often: not every sleep is a park, if the thread was kept from its core until the
/// deadline. Returns how many sleeps that took.
private nonisolated(nonsending) func sleepUntilParked(_ parks: UInt64) async throws -> Int {
  let before = runtimeCounters().parks
  for sleeps in 1...5_000 {
    try await sleep(for: .milliseconds(1))
    if runtimeCounters().parks - before >= parks { return sleeps }
  }
  expect(false, "the loop did not park \(parks) times")
  return 5_000
}

extension Configuration {
  fileprivate static func idling(_ policy: IdlePolicy) -> Configuration {
    var configuration = Configuration.patient
    configuration.idle = policy
    return configuration
  }
}
