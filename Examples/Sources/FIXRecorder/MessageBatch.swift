/// Messages on their way from the thread that frames a file to one of several producers: copied back to back into
/// memory that goes round between them.
///
/// Owned by one thread at a time; the queues that hand it over order what each did.
@safe
final class MessageBatch: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  private var ends: [Int] = []
  /// When its messages were received.
  var receiveTime: UInt64 = 0

  /// - Parameter capacity: in bytes; at least the largest message.
  init(capacity: Int) {
    unsafe memory = .allocate(byteCount: capacity, alignment: 64)
    ends.reserveCapacity(capacity / 64)
  }

  deinit { unsafe memory.deallocate() }

  var isEmpty: Bool { ends.isEmpty }

  /// Adds a message, or returns false where there is no room.
  func add(_ message: RawSpan) -> Bool {
    let start = ends.last ?? 0
    guard unsafe memory.count - start >= message.byteCount else { return false }
    unsafe message.withUnsafeBytes { source in
      // SAFETY: the room was just checked.
      unsafe (memory.baseAddress! + start).copyMemory(from: source.baseAddress!, byteCount: source.count)
    }
    ends.append(start + message.byteCount)
    return true
  }

  /// Gives each message to `body`, in order.
  func forEach<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) {
    var start = 0
    var index = 0
    while index < ends.count {
      let end = ends[index]
      try unsafe body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[start..<end])))
      start = end
      index += 1
    }
  }

  func removeAll() { ends.removeAll(keepingCapacity: true) }
}
