// expect-error: 'task' consumed more than once
// A result is taken once.
import NexusRT

func wait(_ task: consuming RemoteTask<Int>) throws -> Int {
  let first = try task.valueBlocking()
  return try first + task.valueBlocking()
}
