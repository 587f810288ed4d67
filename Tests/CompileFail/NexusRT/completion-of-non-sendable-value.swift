// expect-error: type 'Counter' does not conform to the 'Sendable' protocol
// What another thread hands over must be Sendable.
import NexusRT

final class Counter {
  var count = 0
}

func make() -> Bool { Completion.make(of: Counter.self).completer.isCompleted }
