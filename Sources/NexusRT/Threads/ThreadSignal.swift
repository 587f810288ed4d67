// A condition variable for the values that a lock guards.

internal import Glibc

/// A condition that threads wait for, with the lock of a `Guarded`.
///
/// Unchecked: a condition variable is made for all threads.
@safe final class ThreadSignal: @unchecked Sendable {
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  init() {
    unsafe condition = .allocate(capacity: 1)
    unsafe condition.initialize(to: pthread_cond_t())
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe condition.deallocate()
  }

  /// Lets go of `mutex`, which is held, until it is notified or `deadline` comes, or for no reason.
  ///
  /// - Returns: false if the deadline came.
  fileprivate func wait(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, until deadline: UInt64) -> Bool {
    var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    return unsafe pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
  }

  func notifyOne() { unsafe pthread_cond_signal(condition) }
  func notifyAll() { unsafe pthread_cond_broadcast(condition) }
}

extension Guarded {
  /// Calls `body` under the lock until it gives a result, and waits in between for `signal`, without the lock; after `deadline`
  /// it is told so.
  ///
  /// A call's access to the value ends before the wait: others change it meanwhile, and what was read before counts no more.
  func withLock<Result>(
    waitingFor signal: ThreadSignal, until deadline: UInt64, _ body: (inout Value, Bool) -> Result?
  ) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    var isLate = false
    while true {
      if let result = unsafe body(&value.pointee, isLate) { return result }
      isLate = unsafe !signal.wait(mutex, until: deadline)
    }
  }
}
