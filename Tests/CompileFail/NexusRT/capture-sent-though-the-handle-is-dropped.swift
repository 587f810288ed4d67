// expect-error: risks causing data races
import NexusRT

// What a task's closure captured belongs to the runtime's tasks, also when nobody holds the task's handle.
final class Counter { var count = 0 }

func test(_ runtime: borrowing Runtime) throws {
  try runtime.blockOn {
    let counter = Counter()
    spawnBoxed { counter.count += 1 }
    Task.detached { counter.count += 1 }
  }
}
