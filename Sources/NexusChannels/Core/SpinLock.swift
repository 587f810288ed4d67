// The lock of the structures that several threads change: a few instructions when it is free, a futex when it is not.

public import CNexus
public import Synchronization

/// A lock for critical sections of some ten ns, in which nothing is allocated but by growth, nobody is woken and no value
/// of the user's is deinitialised.
///
/// Acquire and release order what the sections do. Made of the language's atomics and not of the standard library's mutex: it
/// is inlined, ThreadSanitizer sees into it, and unlocking takes no atomic read-modify-write: whoever goes to sleep makes a
/// heavy fence, so that an unlocker's light one is enough between freeing the word and looking for sleepers.
@usableFromInline
struct SpinLock: ~Copyable {
  /// 1 while it is held.
  @usableFromInline let word = Atomic<UInt32>(0)
  /// Threads that sleep, or are about to.
  @usableFromInline let sleepers = Atomic<UInt32>(0)

  @inlinable init() {}

  @inlinable @inline(__always)
  borrowing func lock() {
    if !tryLock() { lockContended() }
  }

  @inlinable @inline(__always)
  borrowing func tryLock() -> Bool {
    word.compareExchange(expected: 0, desired: 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      .exchanged
  }

  @inlinable @inline(__always)
  borrowing func unlock() {
    word.store(0, ordering: .releasing)
    nexus_light_fence()
    if sleepers.load(ordering: .relaxed) != 0 { wakeSleeper() }
  }

  @usableFromInline @inline(never)
  borrowing func lockContended() {
    // The section is short: it is over before a thread could be put to sleep, unless its holder is not running.
    for _ in 0..<60 {
      for _ in 0..<8 { nexus_spin_hint() }
      if word.load(ordering: .relaxed) == 0 && tryLock() { return }
    }
    sleepers.add(1, ordering: .relaxed)
    // Whoever unlocks after this sees the sleeper; what was unlocked before this is seen to be free.
    nexus_heavy_fence()
    while !tryLock() {
      unsafe withFutex { unsafe nexus_futex_wait($0, 1) }
    }
    sleepers.subtract(1, ordering: .relaxed)
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
