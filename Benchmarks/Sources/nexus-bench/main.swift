// Runtime benchmarks, beside what Swift offers without us. Every line is measured once per round, so that all lines
// share the machine's good and bad moments. Name parts of group titles as arguments to run only those.

import BenchSupport
import NexusRT

let rounds = 9
let wanted = CommandLine.arguments.dropFirst()

let ways = try SuspensionWay.allCases.filter { way in
  guard let reason = try reasonAgainst(way) else { return true }
  print("not measured: \(way): \(reason)")
  return false
}

/// One line per way of suspending that works here; the fastest is held to the bar.
func lines(_ name: String, bar: Bar? = nil, _ run: @escaping (SuspensionWay) throws -> Double) -> [Line] {
  ways.map { way in Line("\(name), \(way)", bar: way == .direct ? bar : nil) { try run(way) } }
}

let ours = Overshoots()
let oursBusy = Overshoots()
let standard = Overshoots()
let file = try CachedFile()

var groups =
  [
    Group(
      "switch between two tasks",
      lines("yield()", bar: .atMost(30), yieldingPair)
        + lines("Wait and WakeToken", bar: .atMost(30), handingPair)
        + [
          Line("standard: withUnsafeContinuation, serial executor", run: standardHandingPair),
          Line("standard: Task.yield, task executor") { standardYielding(tasks: 2) },
        ]),
    Group(
      "switch among 1,000 tasks",
      lines("yield()", yieldingThousand)
        + [Line("standard: Task.yield, task executor") { standardYielding(tasks: 1_000) }]),
    Group(
      "spawn and join",
      lines("spawnBoxed", bar: .atMost(120), spawnAndJoin)
        + [
          Line("spawnBoxed, a value moved in") { try spawnAndJoinMoving(ways[0]) },
          Line("spawnBoxed, two captures (allocates)") { try spawnAndJoinCapturing(ways[0]) },
          Line("standard: Task {} and value, serial executor", run: standardSpawnAndJoin),
          Line("standard: Task(executorPreference:) and value", run: standardSpawnPreferring),
        ]),
    Group(
      "spawn 1,000 and join all, each",
      lines("spawnBoxed, a value moved in", spawnBatches)
        + [Line("standard: Task {} and value, serial executor", run: standardSpawnBatches)]),
    Group(
      "wake from another thread, one way",
      [
        Line("busy (blockOnBusy)") { try crossThreadWake(busy: true) },
        Line("parked (blockOn)") { try crossThreadWake(busy: false) },
        Line("standard: eventfd, two threads in read(2)", run: eventDescriptorWake),
      ]),
  ] + timerGroups() + idleGroups() + dispatchGroups() + [
    Group(
      "sleep of 100 us, overshoot",
      [
        Line("sleep(for:), p50") {
          try ours.measureOurs(busy: false)
          return ours.percentile(0.5)
        },
        Line("sleep(for:), p99", bar: .atMost(60_000)) { ours.percentile(0.99) },
        Line("sleep(for:) in blockOnBusy, p50") {
          try oursBusy.measureOurs(busy: true)
          return oursBusy.percentile(0.5)
        },
        Line("sleep(for:) in blockOnBusy, p99") { oursBusy.percentile(0.99) },
        Line("standard: Task.sleep, p50") {
          standard.measureStandard()
          return standard.percentile(0.5)
        },
        Line("standard: Task.sleep, p99") { standard.percentile(0.99) },
      ]),
    Group(
      "read 8 bytes from the page cache",
      [
        Line("File.read, one at a time") { try file.readThroughRing(busy: false) },
        Line("File.read in blockOnBusy") { try file.readThroughRing(busy: true) },
        Line("standard: pread(2)") { file.readBySystemCall() },
      ]),
  ]
groups += bridgeGroups + networkGroups
if !wanted.isEmpty {
  groups = groups.filter { group in wanted.contains { group.title.contains($0) } }
}

#if DEBUG
  print("a debug build: its numbers mean nothing")
#endif
machineDescription().forEach { print($0) }
print("times in ns; median and least of \(rounds) rounds, each of which runs every line once\n")
if !groups.isEmpty {
  Group.printTable(try Group.measured(groups, rounds: rounds))
}
print(
  """
  A shared or virtual machine moves these numbers by 20 % and more from run to run, and a busy one by far more where \
  threads are parked: compare lines of one run, and of several runs take the best.
  """)
