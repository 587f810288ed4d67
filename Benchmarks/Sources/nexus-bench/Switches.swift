// What it costs to go from one task to another.

import BenchSupport
import NexusRT

private let switches = 400_000

/// Two tasks that yield to each other, in ns a switch.
func yieldingPair(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    _ = try await yieldRound(tasks: 2, yieldsEach: 1_000)
    return try await yieldRound(tasks: 2, yieldsEach: switches / 2)
  }
}

/// A thousand tasks that yield in turn, in ns a switch.
func yieldingThousand(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    _ = try await yieldRound(tasks: 1_000, yieldsEach: 2)
    return try await yieldRound(tasks: 1_000, yieldsEach: switches / 1_000)
  }
}

nonisolated(nonsending) private func yieldRound(tasks: Int, yieldsEach: Int) async throws -> Double {
  let tally = Tally()
  let resumesBefore = runtimeCounters().resumes
  let start = now()
  let handles = Handles<Void>(capacity: tasks)
  for _ in 0..<tasks {
    handles.append(
      spawnBoxed {
        for _ in 0..<yieldsEach { await yield() }
        tally.count += yieldsEach
      })
  }
  while let handle = handles.takeFirst() { try await handle.value() }
  let took = Double(now() - start)
  let switches = tasks * yieldsEach
  precondition(tally.count == switches, "a task did not finish")
  precondition(runtimeCounters().resumes - resumesBefore >= UInt64(switches), "a yield did not switch")
  return took / Double(switches)
}

/// Two tasks of which each wakes the other and then waits for it, in ns a switch.
func handingPair(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    _ = try await handRound(each: 1_000)
    return try await handRound(each: switches / 2)
  }
}

/// Where the task that waits leaves its token.
private final class Table {
  var parked = WakeToken.none
  var handed = 0
}

nonisolated(nonsending) private func handRound(each: Int) async throws -> Double {
  let table = Table()
  let start = now()
  let one = spawnBoxed { await play(table, each) }
  let other = spawnBoxed { await play(table, each) }
  try await one.value()
  try await other.value()
  let took = Double(now() - start)
  precondition(table.handed == 2 * each, "a wake was lost")
  return took / Double(2 * each)
}

nonisolated(nonsending) private func play(_ table: Table, _ count: Int) async {
  for _ in 0..<count {
    let wait = Wait(for: "the hand-off benchmark")
    let other = table.parked
    table.parked = wait.token
    if other.wake() { table.handed &+= 1 }
    _ = await wait.suspend()
  }
  if table.parked.wake() { table.handed &+= 1 }
}
