// Where a plain thread sleeps until it is woken: one word and a futex.

internal import CNexus
internal import Synchronization

/// The calling thread's parking place: a word of its thread-local record, so that parking allocates nothing.
///
/// Used by the thread that made it, for one wait at a time.
@safe
struct ThreadParking: ~Copyable {
  /// A word for others to set: 0 until the thread is woken, then 1. Unchecked: it is atomic.
  @safe struct Word: @unchecked Sendable {
    fileprivate let address: UnsafeMutablePointer<Atomic<UInt32>>

    /// Says that the thread is woken; only while it is sure to wait.
    func set() { unsafe address.pointee.store(1, ordering: .releasing) }

    /// Ends the thread's sleep, after `set`. The word may be gone by now: the kernel only compares its address.
    func wake() { unsafe nexus_futex_wake(UnsafeRawPointer(address).assumingMemoryBound(to: UInt32.self)) }
  }

  let word: Word

  init() {
    // Sound: an atomic of 32 bits is those 32 bits, and the word is only ever used as one.
    let address = unsafe UnsafeMutableRawPointer(nexus_thread_parking_word())
      .assumingMemoryBound(to: Atomic<UInt32>.self)
    unsafe word = Word(address: address)
    reset()
  }

  /// Makes ready for another sleep. A wake that came before is forgotten.
  func reset() { unsafe word.address.pointee.store(0, ordering: .relaxed) }

  /// Sleeps until the word is set; returns at once if that came before.
  func park() {
    while unsafe word.address.pointee.load(ordering: .acquiring) == 0 {
      unsafe nexus_futex_wait(UnsafeRawPointer(word.address).assumingMemoryBound(to: UInt32.self), 0)
    }
  }
}
