// Programming errors end the process with a sentence, in every build: `precondition` says nothing in release builds.

/// Ends the process with `message` unless `condition` holds.
@inlinable @inline(__always)
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
