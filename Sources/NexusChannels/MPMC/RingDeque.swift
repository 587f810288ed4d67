// A queue in a ring that grows: the buffer of the many-to-many channel.

public import Synchronization

/// First in, first out. Grows to what is needed, and lets go of a large ring once it is empty if asked to.
///
/// Invariant: the `count` values from `head` on, modulo the size, are initialised, all else is not.
@usableFromInline
@safe struct RingDeque<Element>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  /// A power of two.
  @usableFromInline var size: Int
  @usableFromInline var head = 0
  @usableFromInline var count = 0
  /// `count` for those who look without the lock: out of date as soon as it is known.
  @usableFromInline let seenCount = Atomic<Int>(0)

  @inlinable static var firstSize: Int { 16 }
  /// A larger ring than this is not kept when it is empty.
  @inlinable static var keptSize: Int { 4096 }

  @inlinable
  init() {
    size = RingDeque.firstSize
    unsafe storage = .allocate(capacity: size)
  }

  /// Only of an empty one: values are deinitialised by whoever takes them, outside of any lock.
  @inlinable
  func free() { unsafe storage.deallocate() }

  @inlinable @inline(__always)
  mutating func append(_ value: consuming Element) {
    if count == size { resize(to: size * 2) }
    // Sound: the place is behind the last value, and not initialised.
    unsafe (storage + ((head &+ count) & (size &- 1))).initialize(to: value)
    count &+= 1
    seenCount.store(count, ordering: .relaxed)
  }

  /// Only if `count > 0`.
  @inlinable @inline(__always)
  mutating func removeFirst() -> Element {
    assert(count > 0)
    let value = unsafe (storage + (head & (size &- 1))).move()
    head = (head &+ 1) & (size &- 1)
    count &-= 1
    seenCount.store(count, ordering: .relaxed)
    return value
  }

  /// To be called when it may be empty after many.
  @inlinable
  mutating func trim() {
    if count == 0 && size > RingDeque.keptSize { resize(to: RingDeque.firstSize) }
  }

  @inlinable @inline(never)
  mutating func resize(to newSize: Int) {
    let new = UnsafeMutablePointer<Element>.allocate(capacity: newSize)
    for index in 0..<count {
      unsafe (new + index).initialize(to: (storage + ((head + index) & (size - 1))).move())
    }
    unsafe storage.deallocate()
    unsafe storage = new
    size = newSize
    head = 0
  }
}
