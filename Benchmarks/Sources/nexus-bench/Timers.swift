// What timers cost: one more beside many, and a turn of the loop in which none is due.

import BenchSupport
import NexusRT

/// One timer more and away again, beside `live` others; ns for both.
///
/// A select or a receive with a deadline that is met in time does just this.
func insertAndCancel(beside live: Int) throws -> Double {
  try inRuntime {
    let sleepers = try await sleeping(live)
    let count = 200_000
    var random = SplitMix(state: 7)
    let deadlines = (0..<1_024).map { _ in Deadline.after(.nanoseconds(Int64(random.next() >> 24))) }
    var ended = 0
    let round: nonisolated(nonsending) (Int) async -> Void = { count in
      for index in 0..<count {
        let wait = Wait(for: "the timer benchmark")
        let token = wait.token
        token.wake()
        if await wait.suspend(until: deadlines[index & 1_023]) == .woken { ended += 1 }
      }
    }
    await round(1_000)
    ended = 0
    let start = now()
    await round(count)
    let took = Double(now() - start)
    precondition(ended == count, "a wait timed out")
    await sleepers.end()
    return took / Double(count)
  }
}

/// The same wait without a deadline: what to take off.
func waitWithoutDeadline() throws -> Double {
  try inRuntime {
    let count = 200_000
    let start = now()
    for _ in 0..<count {
      let wait = Wait(for: "the timer benchmark")
      wait.token.wake()
      _ = await wait.suspend()
    }
    return Double(now() - start) / Double(count)
  }
}

/// A turn of the loop, in which a task yields 64 times, beside `live` timers of which none is due; ns a yield.
func turn(beside live: Int) throws -> Double {
  try inRuntime {
    let sleepers = try await sleeping(live)
    let count = 2_000_000
    for _ in 0..<10_000 { await yield() }
    let before = runtimeCounters().turns
    let start = now()
    for _ in 0..<count { await yield() }
    let took = Double(now() - start)
    precondition(runtimeCounters().turns - before >= UInt64(count / 64), "turns were left out")
    await sleepers.end()
    return took / Double(count)
  }
}

/// A thousand sleeps of up to a millisecond at a time, again and again; ns each, all told.
func sleepsThatFire() throws -> Double {
  try inRuntime(busy: true) {
    let tasks = 1_000
    let rounds = 20
    let handles = Handles<Void>(capacity: tasks)
    let start = now()
    for index in 0..<tasks {
      handles.append(
        spawnBoxed {
          for round in 0..<rounds {
            try await sleep(for: .nanoseconds(Int64((index &* 7919 &+ round &* 104_729) % 100_000)))
          }
        })
    }
    while let handle = handles.takeFirst() { try await handle.value() }
    return Double(now() - start) / Double(tasks * rounds)
  }
}

/// Tasks that sleep for between one and three hours.
private nonisolated(nonsending) func sleeping(_ count: Int) async throws -> Sleepers {
  let sleepers = Sleepers(count)
  for _ in 0..<4 { await yield() }
  while sleepers.begun < count { await yield() }
  return sleepers
}

private final class Sleepers {
  private let handles: Handles<Void>
  private(set) var begun = 0
  private var ended = 0
  private let count: Int

  init(_ count: Int) {
    self.count = count
    handles = Handles(capacity: count)
    var random = SplitMix(state: 3)
    for _ in 0..<count {
      let seconds = 3_600 + random.next() % 7_200
      let nanoseconds = random.next() % 1_000_000_000
      handles.append(
        spawnBoxed {
          self.begun += 1
          try? await sleep(for: .seconds(Int64(seconds)) + .nanoseconds(Int64(nanoseconds)))
          self.ended += 1
        })
    }
  }

  nonisolated(nonsending) func end() async {
    while let handle = handles.takeFirst() {
      handle.cancel()
      try? await handle.value()
    }
    precondition(ended == count, "a sleeper is left")
  }
}

private struct SplitMix {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func timerGroups() -> [Group] {
  [
    Group(
      "a deadline that is not needed: begun and taken back",
      [
        Line("beside none") { try insertAndCancel(beside: 0) },
        Line("beside 1,000") { try insertAndCancel(beside: 1_000) },
        Line("beside 1,000,000", bar: .atMost(60)) { try insertAndCancel(beside: 1_000_000) },
        Line("a wait without a deadline", run: waitWithoutDeadline),
      ]),
    Group(
      "a turn in which no deadline comes: a yield, of 64 a turn",
      [
        Line("no timers") { try turn(beside: 0) },
        Line("1 timer") { try turn(beside: 1) },
        Line("1,000,000 timers", bar: .atMost(30)) { try turn(beside: 1_000_000) },
      ]),
    Group("sleeps of 0 to 100 us by 1,000 tasks", [Line("blockOnBusy, each", run: sleepsThatFire)]),
  ]
}
