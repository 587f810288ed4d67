// How a benchmark is timed: several rounds of many records, and of the rounds the median.

import BenchSupport
import Foundation

/// Runs `round` several times, each passing `records` records, and prints what the median round took.
func measure(_ name: String, records: Int, rounds: Int = 9, bar: Bar? = nil, _ round: () -> Void) {
  round()
  let times = (0..<rounds).map { _ in nanoseconds(round) }.sorted()
  let perRecord = times[rounds / 2] / Double(records)
  let best = times[0] / Double(records)
  let label = name.padding(toLength: 44, withPad: " ", startingAt: 0)
  print(
    label,
    String(format: "%8.2f ns/record  (best %.2f)  %8.1f M records/s", perRecord, best, 1000 / perRecord),
    bar.map { "  " + $0.verdict(on: perRecord) } ?? "")
}
