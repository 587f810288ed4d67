// expect-error: capture of 'runtime' with non-Sendable type 'TestRuntime'
// The thread that made a runtime steps it.
import NexusRT
import NexusTestSupport

func stepElsewhere() throws {
  let runtime = try TestRuntime()
  runtime.spawn { await yield() }
  let step = { @Sendable in runtime.runUntilIdle() }
  Task.detached { step() }
}
