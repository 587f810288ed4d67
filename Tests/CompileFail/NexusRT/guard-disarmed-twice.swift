// expect-error: 'guarded' consumed more than once
// A guard is disarmed once.
import NexusRT

func disarm(_ guarded: consuming CancellationGuard) {
  guarded.disarm()
  guarded.disarm()
}
