// Task benchmarks, beside tokio's tasks and Go's goroutines doing the same work. Every line is measured once per round, so that
// all lines share the machine's good and bad moments. Name parts of group titles as arguments to run only those. BENCH_ROUNDS=3
// is quicker. ../../README.md says what the workloads are.
//
// The crowds run in processes of their own, ours too (`tasks-bench --workload NAME COUNT`): a runtime's first million tasks
// must find the memory as a program finds it that has just started.

import BenchSupport
import Foundation
import NexusRT

let arguments = CommandLine.arguments
if arguments.count == 4, arguments[1] == "--workload", let count = Int(arguments[3]) {
  let outcome = try crowdWorkload(arguments[2], count)
  print(outcome.nanoseconds, outcome.messages, outcome.checksum)
  exit(0)
}

let wanted = arguments.dropFirst()
let rounds = max(1, ProcessInfo.processInfo.environment["BENCH_ROUNDS"].flatMap { Int($0) } ?? 9)

// As many as show what a spawn costs and not what a process's first milliseconds do.
let spawns = Workload("spawn-join", count: 2_000_000)
let yields = Workload("yield", count: 2_000_000)
let wakes = Workload("parked-wake", count: 400)
let turns = Workload("wake-by-turns", count: 20_000)
// More of them: 20,000 take 3 ms, less than a thread that wants one of the cores may keep it.
let busyTurns = Workload("wake-by-turns", count: 400_000)
let million = 1_000_000

var groups = [
  Group(
    "spawn-join: start a task, wait for its result",
    ours: [
      spawns.line("spawnBoxed", bar: .atMostTimes(0.5, of: "tokio"), run: spawnBoxedAndJoin),
      spawns.line("spawnSlab", bar: .atMostTimes(1.0 / 3, of: "tokio"), run: spawnSlabAndJoin),
    ],
    peers: spawns.lines(of: [.tokio, .go])
      + spawns.named("local-spawn-join").lines(of: [.tokio], labelled: "tokio, LocalSet")),
  Group(
    "yield: two tasks, a switch",
    ours: [yields.line("yield()", bar: .atMostTimes(0.4, of: "tokio"), run: yieldByTurns)],
    peers: yields.lines(of: [.tokio, .go])),
  Group(
    "parked-wake: a thread wakes a task whose runtime sleeps",
    ours: [
      wakes.line("WakeToken", bar: .atMostTimes(0.7, of: "tokio")) { try parkedWakes($0) },
      wakes.line("WakeToken, adaptive(spin: 200 us), which does not sleep yet") {
        try parkedWakes($0, idle: .adaptive(spin: .microseconds(200)))
      },
    ],
    peers: wakes.lines(of: [.tokio])),
  Group(
    "wake-by-turns: tasks of two runtimes wake each other, one way",
    ours: [
      turns.line("blockOn", bar: .atMostTimes(0.7, of: "tokio")) { try wakesByTurns($0, busy: false) },
      busyTurns.line("blockOnBusy", bar: .atMost(150)) { try wakesByTurns($0, busy: true) },
    ],
    peers: turns.lines(of: [.tokio])),
  crowdGroup(
    "crowd-first: spawn, park, wake and join 1,000,000, first time in a runtime, each", "crowd-first",
    .atMostTimes(1.6, of: "tokio")),
  crowdGroup(
    "crowd-second: the same again, each", "crowd-second", .atMostTimes(0.5, of: "tokio")),
  crowdGroup(
    "crowd-bytes: what each of 1,000,000 parked tasks takes, in bytes", "crowd-bytes",
    .atMostTimes(0.6, of: "Go")),
  Group(
    "crowd by size: spawn, park, wake and join, second time, each",
    [1_000, 10_000, 100_000, 1_000_000].map { size in
      Line("spawnBoxed, \(size)") { try childWorkload("crowd-second", "boxed", size).nanoseconds }
    }),
]
if !wanted.isEmpty {
  groups = groups.filter { group in wanted.contains { group.title.contains($0) } }
}

#if DEBUG
  print("a debug build: its numbers mean nothing")
#endif
(machineDescription() + Peer.descriptions()).forEach { print($0) }
print("times in ns; median and least of \(rounds) rounds, each of which runs every line once\n")
if !groups.isEmpty {
  Group.printTable(try Group.measured(groups, rounds: rounds))
}

/// A crowd of each kind of ours, and the peers'.
func crowdGroup(_ title: String, _ name: String, _ bar: Bar) -> Group {
  let workload = Workload(name, count: million)
  return Group(
    title,
    ours: [
      Line("spawnBoxed", bar: bar) {
        workload.checked(try childWorkload(name, "boxed", million), by: "spawnBoxed")
      },
      Line("spawnSlab, places made with the runtime", bar: bar) {
        workload.checked(try childWorkload(name, "slab", million), by: "spawnSlab")
      },
    ],
    peers: workload.lines(of: [.tokio, .go]))
}
