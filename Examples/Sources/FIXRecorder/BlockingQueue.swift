internal import Glibc
internal import Synchronization

/// Values from some threads to others, in order. Taking waits; putting does not: what goes round bounds it.
@safe
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
  // A semaphore must stay at one address.
  private let available: UnsafeMutablePointer<sem_t>
  private let elements = Mutex<[Element]>([])

  init() {
    unsafe available = .allocate(capacity: 1)
    unsafe sem_init(available, 0, 0)
  }

  deinit {
    unsafe sem_destroy(available)
    unsafe available.deallocate()
  }

  func put(_ element: Element) {
    elements.withLock { $0.append(element) }
    unsafe sem_post(available)
  }

  func take() -> Element {
    while unsafe sem_wait(available) != 0 {}
    return elements.withLock { $0.removeFirst() }
  }
}
