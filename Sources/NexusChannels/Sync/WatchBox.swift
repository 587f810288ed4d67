// The value of a watch: counted, so that it stays while somebody looks at it.

import Synchronization

/// The memory of one value: a count of who looks at it, the channel itself being one, and the value behind it.
@usableFromInline
enum WatchBox<Value> {
  @inlinable static var alignment: Int { max(MemoryLayout<Value>.alignment, 8) }

  /// - Parameter spare: Memory that is free.
  @inlinable
  static func make(_ spare: UnsafeMutableRawPointer?, _ value: consuming Value) -> UnsafeMutableRawPointer {
    let box =
      unsafe spare
      ?? .allocate(byteCount: alignment + max(MemoryLayout<Value>.size, 1), alignment: alignment)
    unsafe box.bindMemory(to: BoxCount.self, capacity: 1).initialize(to: BoxCount())
    unsafe (box + alignment).bindMemory(to: Value.self, capacity: 1).initialize(to: value)
    return unsafe box
  }

  @inlinable
  static func value(_ box: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Value> {
    unsafe (box + alignment).assumingMemoryBound(to: Value.self)
  }

  /// Gives a reference up; with the last one the value is deinitialised, under no lock, and the memory kept as the spare.
  @inlinable
  static func release(_ box: UnsafeMutableRawPointer, _ hub: WatchedHub) {
    guard unsafe BoxCount.subtract(box) else { return }
    unsafe value(box).deinitialize(count: 1)
    if let unwanted = unsafe hub.giveSpare(box) { unsafe unwanted.deallocate() }
  }

  @inlinable
  static func latest(_ hub: WatchedHub) -> Value {
    let current = unsafe hub.pin()
    defer { unsafe release(current.box, hub) }
    return unsafe value(current.box).pointee
  }

  /// The last end goes.
  @inlinable
  static func freeAll(_ boxes: (current: UnsafeMutableRawPointer, spare: UnsafeMutableRawPointer?)) {
    unsafe boxes.spare?.deallocate()
    unsafe value(boxes.current).deinitialize(count: 1)
    unsafe boxes.current.deallocate()
  }
}

@usableFromInline
struct BoxCount: ~Copyable {
  let count = Atomic<Int>(1)

  @usableFromInline init() {}

  static func add(_ box: UnsafeMutableRawPointer) {
    // Relaxed: who adds holds the lock, under which the channel has a reference.
    unsafe box.assumingMemoryBound(to: BoxCount.self).pointee.count.add(1, ordering: .relaxed)
  }

  /// - Returns: Whether that was the last one.
  @usableFromInline
  static func subtract(_ box: UnsafeMutableRawPointer) -> Bool {
    unsafe box.assumingMemoryBound(to: BoxCount.self).pointee.count
      .subtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }
}
