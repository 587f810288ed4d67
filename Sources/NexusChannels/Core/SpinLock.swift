// The lock of the structures that several threads change: a few instructions when it is free, a futex when it is not.

internal import CNexus
public import Synchronization

/// A lock for critical sections of some ten ns, in which nothing is allocated but by growth, nobody is woken and no value
/// of the user's is deinitialised.
///
/// 0 free, 1 held, 2 held and somebody sleeps (U. Drepper, "Futexes Are Tricky", 2011, mutex 2). Acquire and release
/// order what the sections do. Made of the language's atomics and not of the standard library's mutex: it is inlined, and
/// ThreadSanitizer sees into it.
@usableFromInline
struct SpinLock: ~Copyable {
  @usableFromInline let word = Atomic<UInt32>(0)

  @inlinable init() {}

  @inlinable @inline(__always)
  borrowing func lock() {
    if !word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      .exchanged
    {
      lockContended()
    }
  }

  @inlinable @inline(__always)
  borrowing func unlock() {
    if word.exchange(0, ordering: .releasing) == 2 { wakeSleeper() }
  }

  @usableFromInline @inline(never)
  borrowing func lockContended() {
    // The section is short: it is over before a thread could be put to sleep, unless its holder is not running.
    for _ in 0..<60 {
      for _ in 0..<8 { nexus_spin_hint() }
      if word.load(ordering: .relaxed) == 0,
        word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
          .exchanged
      {
        return
      }
    }
    while word.exchange(2, ordering: .acquiring) != 0 {
      unsafe withFutex { unsafe nexus_futex_wait($0, 2) }
    }
  }

  @usableFromInline @inline(never)
  borrowing func wakeSleeper() {
    unsafe withFutex { unsafe nexus_futex_wake($0) }
  }

  private borrowing func withFutex(_ body: (UnsafePointer<UInt32>) -> Void) {
    // Sound: an atomic of 32 bits is those 32 bits, in place. The kernel compares the word; it does not change it.
    unsafe withUnsafePointer(to: word) {
      unsafe body(UnsafeRawPointer($0).assumingMemoryBound(to: UInt32.self))
    }
  }
}
