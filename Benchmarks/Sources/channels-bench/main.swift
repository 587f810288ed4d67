// Channel benchmarks, beside other languages' channels doing the same work in programs of their own. Every line is
// measured once per round, so that all lines share the machine's good and bad moments. Name parts of group titles as
// arguments to run only those. BENCH_ROUNDS=3 is quicker. ../../README.md says what the workloads are.

import BenchSupport
import Foundation

let wanted = CommandLine.arguments.dropFirst()
let rounds = max(1, ProcessInfo.processInfo.environment["BENCH_ROUNDS"].flatMap { Int($0) } ?? 9)

var groups = oneThreadGroups() + taskGroups() + threadGroups()
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
