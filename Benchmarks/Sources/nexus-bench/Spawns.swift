// What it costs to start a task and to get its result.

import BenchSupport
import NexusRT

private let spawns = 100_000

/// Spawn a task that captures nothing, wait for its result; in ns for both.
func spawnAndJoin(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    func round(_ count: Int) async throws -> Double {
      var sum = 0
      let start = now()
      for _ in 0..<count { sum &+= try await spawnBoxed { 1 }.value() }
      let took = Double(now() - start)
      precondition(opaque(sum) == count, "a result is missing")
      return took / Double(count)
    }
    _ = try await round(1_000)
    return try await round(spawns)
  }
}

/// The same with a value that is moved into the task, and comes back.
func spawnAndJoinMoving(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    func round(_ count: Int) async throws -> Double {
      var sum = 0
      let start = now()
      for index in 0..<count { sum &+= try await spawnBoxed(index) { index in index }.value() }
      let took = Double(now() - start)
      precondition(opaque(sum) == count * (count - 1) / 2, "a result is missing")
      return took / Double(count)
    }
    _ = try await round(1_000)
    return try await round(spawns)
  }
}

/// The same with a closure that captures two things, which is an allocation.
func spawnAndJoinCapturing(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    func round(_ count: Int) async throws -> Double {
      let tally = Tally()
      var sum = 0
      let start = now()
      for index in 0..<count {
        sum &+= try await spawnBoxed {
          tally.count &+= 1
          return index
        }.value()
      }
      let took = Double(now() - start)
      precondition(tally.count == count && opaque(sum) == count * (count - 1) / 2, "a result is missing")
      return took / Double(count)
    }
    _ = try await round(1_000)
    return try await round(spawns)
  }
}

/// Spawn a thousand tasks, then wait for all; in ns a task.
func spawnBatches(_ way: SuspensionWay) throws -> Double {
  try inRuntime(way) {
    func round(_ batches: Int) async throws -> Double {
      let handles = Handles<Int>(capacity: 1_000)
      var sum = 0
      let start = now()
      for _ in 0..<batches {
        for index in 0..<1_000 { handles.append(spawnBoxed(index) { index in index }) }
        while let handle = handles.takeFirst() { sum &+= try await handle.value() }
      }
      let took = Double(now() - start)
      precondition(opaque(sum) == batches * 499_500, "a result is missing")
      return took / Double(batches * 1_000)
    }
    _ = try await round(2)
    return try await round(spawns / 1_000)
  }
}
