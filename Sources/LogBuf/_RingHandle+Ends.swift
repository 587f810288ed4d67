// Who is still there. One word counts the ends of a ring and tells the reader from the writers, so that leaving is a
// single subtraction: what it left behind says whether somebody still needs the memory.

public import Synchronization

extension _RingHandle {
  /// The reader's share of `ends`.
  @inlinable static var readerShare: Int { 1 }

  /// Each writer's share of `ends`.
  @inlinable static var writerShare: Int { 2 }

  /// Whether nobody will read any more. Once true it stays true.
  @inlinable @inline(__always)
  var isReaderGone: Bool {
    // Acquiring, for a wrapper that goes on to look at what the reader did before it left.
    unsafe ends.pointee.load(ordering: .acquiring) & Self.readerShare == 0
  }

  /// Whether nobody will write any more. Once true it stays true, since only a writer can be cloned.
  @inlinable @inline(__always)
  var areWritersGone: Bool {
    // Pairs with the release in `leave`: a reader that sees every writer gone sees all they committed. That is why
    // it asks this first and looks at the ring after.
    unsafe ends.pointee.load(ordering: .acquiring) < Self.writerShare
  }

  /// Counts one more writer. The caller is a writer itself, so the count cannot be zero here.
  @inlinable
  func addWriter() {
    // Nothing is read or published through a higher count.
    unsafe ends.pointee.wrappingAdd(Self.writerShare, ordering: .relaxed)
  }

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
