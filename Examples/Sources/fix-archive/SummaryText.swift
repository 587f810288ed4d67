internal import FIXRecorder
internal import FIXWire

/// The summary of a run, a line a fact; `name` and value are separated by spaces.
struct SummaryText: CustomStringConvertible {
  private var lines: [String] = []

  var description: String { lines.joined(separator: "\n") }

  init(_ summary: RecorderSummary) {
    let framing = summary.framing
    let seconds = max(summary.elapsed / .seconds(1), 0.000_001)
    if let repair = summary.repair { add("repaired", repair) }
    if summary.wasStopped { add("stopped", "by a signal, in order") }
    add("messages", "\(summary.durable.messages)")
    add("bytes", "\(summary.durable.bytes) in messages, \(framing.bytes) received")
    add(
      "rate",
      "\(Quantity.rate(Double(summary.durable.messages) / seconds)) messages, "
        + "\(Quantity.bytes(Int(Double(framing.bytes) / seconds)))/s in \(Quantity.fixed(seconds, 3)) s")
    add("segments", "\(summary.segments)")
    add("rejects", "\(framing.rejects), \(framing.rejectedBytes) bytes")
    for fault in FrameFault.allCases where framing.bytes(of: fault) > 0 {
      add("  " + fault.rawValue, "\(framing.count(of: fault)), \(framing.bytes(of: fault)) bytes")
    }
    if let file = summary.rejectFile { add("  kept in", file) }
    if summary.lostRejectBytes > 0 { add("  not kept", "\(summary.lostRejectBytes) bytes") }
    add("claim-commit", latency(summary.claimToCommit))
    add("commit-synced", latency(summary.commitToSynced))
    add("timed", "one message in \(summary.timedInterval); a claim includes the wait for room in the ring")
  }

  private func latency(_ histogram: LatencyHistogram) -> String {
    if histogram.count == 0 { return "no message was timed" }
    let parts = [("p50", 50.0), ("p99", 99), ("p99.9", 99.9)].map {
      "\($0.0) \(Quantity.time(histogram.percentile($0.1)))"
    }
    return parts.joined(separator: ", ") + ", max \(Quantity.time(histogram.maximum))"
  }

  private mutating func add(_ name: String, _ value: String) {
    lines.append(name + String(repeating: " ", count: max(1, 17 - name.utf8.count)) + value)
  }
}
