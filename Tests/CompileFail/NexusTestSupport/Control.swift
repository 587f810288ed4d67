// expect-success
// The test harness as it is meant to be used. If this does not compile, the errors of the snippets beside it prove nothing.
import NexusRT
import NexusTestSupport

final class Log {
  var lines: [String] = []
}

func useTestRuntime() throws -> Int {
  let runtime = try TestRuntime()
  // Not Sendable, and shared by the test and its tasks.
  let log = Log()
  let handle = runtime.spawn {
    try await sleep(for: .seconds(3_600))
    log.lines.append("an hour later")
    return 5
  }
  runtime.advance(by: .seconds(3_600))
  log.lines.append("the test")
  return try runtime.value(of: handle) + log.lines.count
}
