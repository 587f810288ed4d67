// Who is still there. One word counts the ends of a ring and tells the reader, the writers and those who only keep the memory
// apart, so that leaving is a single subtraction: what it left behind says whether somebody still needs the memory.

public import Synchronization

extension _RingHandle {
  /// The reader's share of `ends`.
  @inlinable static var readerShare: Int { 1 }

  /// Each writer's share of `ends`.
  @inlinable static var writerShare: Int { 2 }

  /// The share of each of those who keep the memory to become a writer later. Above the bits of all writers.
  @inlinable static var keeperShare: Int { 1 << 32 }

  /// The bits of `ends` in which the writers are counted.
  @inlinable static var writersMask: Int { (keeperShare &- 1) & ~readerShare }

  /// Whether nobody will read any more. Once true it stays true.
  @inlinable @inline(__always)
  var isReaderGone: Bool {
    // Acquiring, for a wrapper that goes on to look at what the reader did before it left.
    unsafe ends.pointee.load(ordering: .acquiring) & Self.readerShare == 0
  }

  /// Whether nobody will write any more. Once true it stays true: without a writer none is made.
  @inlinable @inline(__always)
  var areWritersGone: Bool {
    // Pairs with the release in `leave`: a reader that sees every writer gone sees all they committed. That is why
    // it asks this first and looks at the ring after.
    unsafe ends.pointee.load(ordering: .acquiring) & Self.writersMask == 0
  }

  /// Counts one more writer. The caller is a writer itself, so the count cannot be zero here.
  @inlinable
  func addWriter() {
    // Nothing is read or published through a higher count.
    unsafe ends.pointee.wrappingAdd(Self.writerShare, ordering: .relaxed)
  }

  /// Counts one more writer, unless there is none. The caller is a keeper.
  @inlinable
  func addWriterBesidesOthers() -> Bool {
    var now = unsafe ends.pointee.load(ordering: .relaxed)
    while now & Self.writersMask != 0 {
      // Relaxed as in `addWriter`: what the new writer needs to know it acquires through the head.
      let (exchanged, current) = unsafe ends.pointee.weakCompareExchange(
        expected: now, desired: now &+ Self.writerShare, ordering: .relaxed)
      if exchanged { return true }
      now = current
    }
    return false
  }

  /// Counts one more keeper. The caller is a writer or a keeper itself.
  @inlinable
  func addKeeper() { unsafe ends.pointee.wrappingAdd(Self.keeperShare, ordering: .relaxed) }

  /// Takes an end's share out, and frees the ring when it was the last.
  @inlinable
  func leave(share: Int) {
    // Releases what this end did to whoever observes that it is gone; acquires what the others did before the last
    // one frees the memory.
    let left = unsafe ends.pointee.wrappingSubtract(share, ordering: .acquiringAndReleasing).newValue
    if left == 0 { destroyUnlikely() }
  }

  @usableFromInline
  @inline(never)
  func destroyUnlikely() { destroy() }
}
