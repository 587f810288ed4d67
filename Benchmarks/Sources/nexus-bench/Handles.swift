// A queue of join handles, which are noncopyable and so cannot be in an Array.

import NexusRT

final class Handles<Success> {
  private let memory: UnsafeMutablePointer<JoinHandle<Success>>
  private let capacity: Int
  private var first = 0
  private var end = 0

  init(capacity: Int) {
    memory = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit {
    (memory + first).deinitialize(count: end - first)
    memory.deallocate()
  }

  func append(_ handle: consuming JoinHandle<Success>) {
    precondition(end < capacity)
    (memory + end).initialize(to: handle)
    end += 1
  }

  /// The handle that was appended first; nil, and room for `capacity` handles again, when there is none.
  func takeFirst() -> JoinHandle<Success>? {
    if first == end {
      first = 0
      end = 0
      return nil
    }
    first += 1
    return (memory + first - 1).move()
  }
}
