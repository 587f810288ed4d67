// What the tests of spawning share.

@testable import NexusRT

struct Refusal: Error { let number: Int }

/// Where tasks of one runtime wait until it opens.
final class Barrier {
  private var tokens: [WakeToken] = []
  private var isOpen = false
  private(set) var waiting = 0

  nonisolated(nonsending) func pass() async {
    waiting += 1
    while !isOpen {
      let wait = Wait(for: "the gate")
      tokens.append(wait.token)
      if await !wait.suspend() { break }
    }
    waiting -= 1
  }

  func open() {
    isOpen = true
    tokens.forEach { $0.wake() }
    tokens.removeAll()
  }
}

/// Handles, which are noncopyable and so cannot be in an array.
@safe final class HandleStack<Success> {
  private let memory: UnsafeMutablePointer<JoinHandle<Success>>
  private let capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    unsafe memory = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit {
    unsafe memory.deinitialize(count: count)
    unsafe memory.deallocate()
  }

  func push(_ handle: consuming JoinHandle<Success>) {
    precondition(count < capacity)
    unsafe (memory + count).initialize(to: handle)
    count += 1
  }

  func pop() -> JoinHandle<Success>? {
    guard count > 0 else { return nil }
    count -= 1
    return unsafe (memory + count).move()
  }
}

/// A patient configuration with a slab.
func slab(_ size: SlabSize) -> Configuration {
  var configuration = Configuration.patient
  configuration.slab = size
  return configuration
}

/// Places of the slab that are free.
func places() -> Int {
  var pool = unsafe LoopState.current(for: "test").pointee.bodyPool
  var blocks: [UnsafeMutableRawPointer] = unsafe []
  while let block = unsafe pool.takeFree(BodyPool.slabList) { unsafe blocks.append(block) }
  return unsafe blocks.count
}
