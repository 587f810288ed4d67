// Log buffer benchmarks: one thread (what the instructions cost) and one or several writer threads against a reader
// thread (what moving cache lines costs). Name parts of benchmarks as arguments to run only those.

import BenchSupport
import Foundation
import LogBuf

let wanted = CommandLine.arguments.dropFirst()

func run(_ name: String, records: Int, rounds: Int = 9, bar: Bar? = nil, _ round: () -> Void) {
  if wanted.isEmpty || wanted.contains(where: name.contains) {
    measure(name, records: records, rounds: rounds, bar: bar, round)
  }
}

run("spsc 64 B, one thread", records: 10_000_000, bar: .atMost(12)) { spscOneThread(records: 10_000_000) }
run("spsc 8 B, one thread", records: 10_000_000) { spscOneThreadSmall(records: 10_000_000) }
run("spsc 64 B, one thread, batches of 32", records: 10_000_000) { spscBatches(records: 10_000_000) }
run("mpsc 64 B, one thread", records: 10_000_000) { mpscOneThread(records: 10_000_000) }
run("spsc 64 B, two threads", records: 20_000_000, bar: .atLeastMillions(25)) {
  spscTwoThreads(records: 20_000_000, batched: false)
}
run("spsc 64 B, two threads, read in batches", records: 20_000_000) {
  spscTwoThreads(records: 20_000_000, batched: true)
}
run("mpsc 64 B, two threads", records: 20_000_000) { mpscThreads(records: 20_000_000, writers: 1) }
run("mpsc 64 B, two writers and a reader", records: 4_000_000, rounds: 5) {
  mpscThreads(records: 4_000_000, writers: 2)
}
