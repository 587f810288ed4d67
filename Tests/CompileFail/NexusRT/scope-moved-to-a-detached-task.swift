// expect-error: risks causing data races
// As above, without the closure's type saying so.
import NexusRT

nonisolated(nonsending) func cancelFromElsewhere() async {
  await withCancelScope { scope in
    Task.detached { scope.cancel() }
    await yield()
    scope.cancel()
  }
}
