// What the loop does while nothing is ready: parks, spins, or looks for a while first; and that it can be changed.

import Glibc
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

  @Test func looks_comeEverMoreRarely_whileTheyAreOfNoUse_andEveryTimeOnceTheyAre() {
    var idle = IdleState(.adaptive(spin: .microseconds(160)))
    for pause in [1, 3, 7, 15, 15] {
      #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
      idle.looked(found: false)
      for _ in 0..<pause { #expect(idle.look(wakes: 0, isWatching: false) == 0) }
    }
    #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
    idle.looked(found: true)
    #expect(idle.look(wakes: 0, isWatching: false) == 160_000)
    idle.looked(found: false)
    #expect(idle.look(wakes: 0, isWatching: false) == 0)
    idle.set(.adaptive(spin: .microseconds(80)))
    // What was learnt of another policy is forgotten.
    #expect(idle.look(wakes: 0, isWatching: false) == 80_000)
  }

  @Test func park_looksOnly_whereOthersAreAtWork() {
    var idle = IdleState(.park)
    #expect(idle.look(wakes: 0, isWatching: false) == 0)
    #expect(idle.look(wakes: 1, isWatching: false) == 50_000)
    #expect(idle.look(wakes: 1, isWatching: false) == 0)
    #expect(idle.look(wakes: 1, isWatching: true) == 50_000)
    idle.looked(found: false)
    #expect(idle.look(wakes: 1, isWatching: false) == 0)
    #expect(idle.look(wakes: 2, isWatching: false) == 0, "a look that found nothing is made up for")
    #expect(idle.look(wakes: 3, isWatching: false) == 50_000)
    #expect(idle.mayPark)
    idle.set(.spin)
    #expect(!idle.mayPark)
    idle.isBusyCall = true
    idle.set(.park)
    #expect(!idle.mayPark)
    idle.isBusyCall = false
    #expect(idle.mayPark)
  }

  @Test func lead_isByWhatTheKernelIsLateAsARule() {
    var idle = IdleState(.park)
    #expect(idle.lead == 0)
    for _ in 1...40 { idle.woken(late: 24_000) }
    #expect((23_000...24_000).contains(idle.lead), "\(idle.lead) ns")
    idle.woken(late: 5_000_000)
    #expect(idle.lead < 34_000, "an exception became the rule: \(idle.lead) ns")
    for _ in 1...100 { idle.woken(late: 5_000_000) }
    #expect((99_000...100_000).contains(idle.lead), "\(idle.lead) ns")
    for _ in 1...100 { idle.woken(late: 0) }
    #expect(idle.lead < 8, "\(idle.lead) ns")
  }

  /// The kernel would end them too late.
  @Test func sleeps_shorterThanTheLead_doNotPark_andAreNotEarly() async throws {
    try await inTask {
      for _ in 1...100 { unsafe LoopState.current(for: "test").pointee.idle.woken(late: 100_000) }
      let before = runtimeCounters().parks
      for _ in 1...20 {
        let start = Deadline.now
        try await sleep(for: .microseconds(60))
        expect(start.duration(to: .now) >= .microseconds(60))
      }
      expectEqual(runtimeCounters().parks, before)
      // What other work there is does not wait for them.
      await beWokenByAThread()
    }
  }

  /// What a look finds is of now, not of the time when it began.
  @Test func loopTime_isTheTimeAfterALook() async throws {
    try await inTask(.idling(.adaptive(spin: .seconds(1_000)))) {
      // The loop looks at the clock where there is a deadline.
      let sleeper = spawnBoxed { try await sleep(for: .seconds(1_000)) }
      let pipe = Pipe()
      let output = pipe.output.descriptor
      let writer = Worker {
        usleep(20_000)
        let now = Deadline.now.nanoseconds
        precondition(unsafe withUnsafeBytes(of: now) { unsafe write(output, $0.baseAddress, 8) } == 8)
      }
      var buffer = IOBuffer(count: 8)
      var bytes = buffer.mutableBytes
      _ = try await pipe.input.read(into: &bytes)
      let written = unsafe bytes.unsafeLoad(as: UInt64.self)
      expect(loopTime() >= Deadline(nanoseconds: written))
      writer.join()
      sleeper.cancel()
    }
  }

  /// A deadline that comes within a look is what the look was for.
  @Test func looks_thatEndWithADeadline_areOfUse() async throws {
    try await inTask(.idling(.adaptive(spin: .seconds(1)))) {
      let before = runtimeCounters().parks
      for _ in 1...40 { try await sleep(for: .microseconds(100)) }
      expectEqual(runtimeCounters().parks, before)
    }
  }

  /// With nothing in the ring and no deadline, nothing but a thread can end the wait, and the ring is left alone.
  @Test func withNothingInTheRing_theLoopSleepsWithoutIt() async throws {
    try await inTask(.idling(.adaptive(spin: .zero))) {
      let before = runtimeCounters()
      for _ in 1...20 { await beWokenByAThread(after: .milliseconds(1)) }
      let after = runtimeCounters()
      expect(after.parks - before.parks >= 20, "\(after.parks - before.parks) parks")
      expectEqual(after.enters, before.enters)
    }
  }

  /// A wake by handle comes through whichever way the loop waits.
  @Test(arguments: [false, true])
  func wakeByHandle_endsAWait(isRingInUse: Bool) async throws {
    try await inTask(.idling(.adaptive(spin: .zero))) {
      let pipe = Pipe()
      let input = Kept(File(borrowing: pipe.input.descriptor))
      let reader = spawnBoxed {
        guard isRingInUse else { return }
        var buffer = IOBuffer(count: 1)
        var bytes = buffer.mutableBytes
        _ = try await input.value!.read(into: &bytes)
      }
      await yield()
      let handle = RuntimeHandle.current
      var turns: UInt64 = 0
      // Of wakes that come while the loop's thread is kept from its core, one may do for all.
      for _ in 1...50 where turns <= 5 {
        let before = runtimeCounters().turns
        let wait = Wait(for: "test")
        let token = wait.token
        let waker = Worker {
          for _ in 1...10 {
            usleep(200)
            handle.wake()
          }
          token.wake()
        }
        _ = await wait.suspend()
        waker.join()
        turns = runtimeCounters().turns - before
      }
      expect(turns > 5, "\(turns) turns")
      reader.cancel()
    }
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

  private nonisolated(nonsending) func beWokenByAThread(after pause: Duration = .zero) async {
    let published = PublishedToken()
    let worker = Worker {
      while published.token == .none {}
      usleep(UInt32(pause / .microseconds(1)))
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
