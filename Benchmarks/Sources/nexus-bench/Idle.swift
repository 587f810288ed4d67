// What each idle policy costs: how long a wake takes that comes out of the blue, and how much of a core it burns.

import BenchSupport
import Foundation
import NexusRT
import Synchronization

/// A thread that wakes a task every 500 us, under one policy.
final class IdleCosts: @unchecked Sendable {
  private static let wakes = 400
  private let policy: IdlePolicy
  private var latencies: [Double] = []
  private var share = 0.0

  init(_ policy: IdlePolicy) { self.policy = policy }

  /// From the wake to the task's next line, in ns.
  func percentile(_ share: Double) -> Double { latencies[Int(Double(latencies.count - 1) * share)] }
  /// CPU time of the runtime's thread for each ms of the clock, in ns.
  var cpuEachMillisecond: Double { share * 1_000_000 }

  func measure() throws {
    var configuration = Configuration()
    configuration.idle = policy
    let runtime = try Runtime(configuration: configuration)
    let token = Published()
    let sent = Published()
    let thread = Thread {
      for _ in 0..<IdleCosts.wakes {
        usleep(500)
        while token.word.load(ordering: .acquiring) == 0 {}
        let waker = unsafe WakeToken(uncheckedRawValue: token.word.exchange(0, ordering: .acquiring))
        sent.word.store(now(), ordering: .releasing)
        waker.wake()
      }
    }
    let cpu = threadTime()
    let start = now()
    thread.start()
    latencies = try runtime.blockOn {
      var latencies: [Double] = []
      while latencies.count < IdleCosts.wakes {
        let wait = Wait(for: "the idle benchmark")
        token.word.store(wait.token.rawValue, ordering: .releasing)
        guard await wait.suspend() else { continue }
        latencies.append(Double(now() - sent.word.load(ordering: .acquiring)))
      }
      return latencies.sorted()
    }
    share = Double(threadTime() - cpu) / Double(now() - start)
  }
}

private final class Published: Sendable {
  let word = Atomic<UInt64>(0)
}

/// CPU time of the calling thread, in ns.
private func threadTime() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

func idleGroups() -> [Group] {
  let policies: [(String, IdlePolicy)] = [
    ("park", .park), ("adaptive, 0", .adaptive(spin: .zero)),
    ("adaptive, 50 us", .adaptive(spin: .microseconds(50))),
    ("adaptive, 1 ms", .adaptive(spin: .milliseconds(1))), ("spin", .spin),
  ]
  let costs = policies.map { IdleCosts($0.1) }
  return [
    Group(
      "idle policy: a wake by a thread every 500 us, p50",
      zip(policies, costs).map { policy, cost in
        Line(policy.0) {
          try cost.measure()
          return cost.percentile(0.5)
        }
      }),
    Group(
      "idle policy: the same, p99",
      zip(policies, costs).map { policy, cost in Line(policy.0) { cost.percentile(0.99) } }),
    Group(
      "idle policy: CPU time for each ms of that, of 1,000,000",
      zip(policies, costs).map { policy, cost in Line(policy.0) { cost.cpuEachMillisecond } }),
  ]
}
