// expect-error: invalid conversion from throwing function
// What a pipeline may throw is part of its type.
import NexusRT

struct OrderError: Error {}

func use() {
  _ = Pipeline(of: Int.self).map { (value: Int) throws(OrderError) -> Int in throw OrderError() }
}
