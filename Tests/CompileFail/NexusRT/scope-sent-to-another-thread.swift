// expect-error: capture of 'scope' with non-Sendable type 'CancelScope'
// A scope is cancelled by tasks of its own runtime.
import NexusRT

nonisolated(nonsending) func cancelFromElsewhere() async {
  await withCancelScope { scope in
    let work = { @Sendable in scope.cancel() }
    Task.detached { work() }
    await yield()
  }
}
