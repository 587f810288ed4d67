internal import FIXRecorder
internal import Glibc
internal import Logging

/// What `record` says while it runs: on a terminal one line, written anew every second; else log lines.
final class RecordReport {
  private let isTerminal = isatty(STDERR_FILENO) != 0
  private let isReportingSyncs: Bool
  private let logger = Logger(label: "fix-archive") { StreamLogHandler.standardError(label: $0) }
  private var last: (time: Duration, messages: Int) = (.zero, 0)
  private var hasLine = false

  init(isReportingSyncs: Bool) { self.isReportingSyncs = isReportingSyncs }

  /// How often progress is told.
  var interval: Duration { isTerminal ? .seconds(1) : .seconds(5) }

  var events: RecorderEvents {
    var events = RecorderEvents()
    events.progress = { self.tell($0) }
    events.note = { self.note($0) }
    events.isListening = { self.note("listening on port \($0)") }
    if isReportingSyncs { events.didSync = { Self.reportSynced($0) } }
    return events
  }

  private func tell(_ progress: RecorderProgress) {
    let seconds = (progress.elapsed - last.time) / .seconds(1)
    let rate = Double(progress.messages - last.messages) / max(seconds, 0.001)
    last = (progress.elapsed, progress.messages)
    let text =
      "\(Quantity.grouped(progress.messages)) messages, \(Quantity.rate(rate)), "
      + "\(Quantity.bytes(progress.bytes)), ring \(Int(progress.ringFill * 100)) %, "
      + "\(Quantity.grouped(progress.rejects)) rejects"
    if isTerminal {
      // To the start of the line, and clear to its end.
      write("\r\u{1B}[K" + text)
      hasLine = true
    } else {
      logger.info("\(text)")
    }
  }

  private func note(_ text: String) {
    clearLine()
    logger.notice("\(text)")
  }

  /// Leaves the terminal's line empty for what follows.
  func clearLine() {
    if hasLine { write("\r\u{1B}[K") }
    hasLine = false
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }

  /// One system call a line, so that a reader has it as soon as it is true.
  private static func reportSynced(_ count: DurableCount) {
    let bytes = Array("synced messages=\(count.messages) bytes=\(count.bytes)\n".utf8)
    _ = unsafe Glibc.write(STDOUT_FILENO, bytes, bytes.count)
  }
}
