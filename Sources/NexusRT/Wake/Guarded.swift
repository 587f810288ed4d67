// A value behind a lock, for the few slow paths that take one.

public import Glibc

/// A value that one thread at a time may change.
///
/// A pthread mutex and not the standard library's: ThreadSanitizer follows this one, and takes what the other guards for a
/// race, since it does not see into that library.
@usableFromInline
@safe
package final class Guarded<Value>: @unchecked Sendable {
  // Unchecked: `value` is only touched while `mutex` is held.
  @usableFromInline package let mutex: UnsafeMutablePointer<pthread_mutex_t>
  @usableFromInline package let value: UnsafeMutablePointer<Value>

  package init(_ initial: sending Value) {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Calls `body` with the value while no other thread has it. Not to be nested.
  @inlinable @inline(__always)
  package func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return unsafe body(&value.pointee)
  }
}
