// The memory of the timer wheel: nodes that are linked by number, in chunks that stay where they are.

/// One deadline, in the list of a bucket of the wheel.
@safe struct TimerNode {
  /// In ns. What the wheel fires it for.
  var deadline: UInt64 = 0
  var owner = TimerOwner.nobody
  /// The next node of the bucket, -1 after the last; of a free node the next free one.
  var next: Int32 = -1
  /// The node before; of a bucket's first node its last one.
  var previous: Int32 = -1
}

/// The nodes of one wheel, by number. A node that was given back is the first to be taken again.
@safe struct TimerNodes: ~Copyable {
  private static let chunkShift: Int32 = 10
  private var chunks: [UnsafeMutablePointer<TimerNode>] = unsafe []
  private var firstFree: Int32 = -1

  /// The node with this number.
  @inline(__always)
  subscript(_ number: Int32) -> TimerNode {
    unsafeAddress {
      // Sound: numbers come from `take`, whose chunk stays until the end.
      unsafe UnsafePointer(
        chunks[Int(number >> TimerNodes.chunkShift)] + Int(number & ((1 << TimerNodes.chunkShift) - 1)))
    }
    unsafeMutableAddress {
      // Sound: as above.
      unsafe chunks[Int(number >> TimerNodes.chunkShift)] + Int(number & ((1 << TimerNodes.chunkShift) - 1))
    }
  }

  /// O(1). Allocates a chunk of 1,024 when more nodes are in use than ever before.
  @inline(__always)
  mutating func take() -> Int32 {
    if firstFree < 0 { grow() }
    let number = firstFree
    firstFree = self[number].next
    return number
  }

  @inline(__always)
  mutating func give(back number: Int32) {
    self[number].next = firstFree
    self[number].owner = .nobody
    firstFree = number
  }

  @inline(never)
  private mutating func grow() {
    let count = 1 << Int(TimerNodes.chunkShift)
    let chunk = UnsafeMutablePointer<TimerNode>.allocate(capacity: count)
    unsafe chunk.initialize(repeating: TimerNode(), count: count)
    let first = Int32(unsafe chunks.count * count)
    unsafe chunks.append(chunk)
    for number in (first..<first + Int32(count)).reversed() { give(back: number) }
  }

  deinit { unsafe chunks.forEach { unsafe $0.deallocate() } }
}
