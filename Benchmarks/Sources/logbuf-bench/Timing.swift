// How a benchmark is timed: several rounds of many records, and of the rounds the median.

import Foundation

/// Runs `round` several times, each passing `records` records, and prints what the median round took.
func measure(_ name: String, records: Int, rounds: Int = 9, _ round: () -> Void) {
  round()
  var times: [Double] = []
  for _ in 0..<rounds {
    let took = ContinuousClock().measure(round)
    times.append(Double(took.components.seconds) * 1e9 + Double(took.components.attoseconds) / 1e9)
  }
  times.sort()
  let perRecord = times[rounds / 2] / Double(records)
  let best = times[0] / Double(records)
  let label = name.padding(toLength: 44, withPad: " ", startingAt: 0)
  print(
    label,
    String(format: "%8.2f ns/record  (best %.2f)  %8.1f M records/s", perRecord, best, 1000 / perRecord))
}
