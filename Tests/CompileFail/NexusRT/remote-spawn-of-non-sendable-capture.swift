// expect-error: capture of 'counter' with non-Sendable type 'Counter'
// Another thread's state can not be taken into a runtime.
import NexusRT

final class Counter {
  var count = 0
}

func spawn(_ counter: Counter, into handle: RuntimeHandle) throws {
  try handle.spawn { counter.count += 1 }
}
