// Memory for reading and writing: aligned, owned by one, moved from task to task.

internal import Glibc

/// A buffer of bytes, aligned for direct I/O, with one owner.
@safe
public struct IOBuffer: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  /// Size in bytes.
  public let count: Int

  /// A zeroed buffer.
  ///
  /// - Parameters:
  ///   - count: Bytes; at least 1.
  ///   - alignment: Bytes, a power of two. 4,096 suits direct I/O on every disk.
  public init(count: Int, alignment: Int = 4096) {
    require(count > 0, "NexusRT: a buffer must have at least one byte")
    require(alignment > 0 && alignment & (alignment - 1) == 0, "NexusRT: an alignment is a power of two")
    unsafe memory = .allocate(byteCount: count, alignment: alignment)
    unsafe memset(memory, 0, count)
    self.count = count
  }

  deinit { unsafe memory.deallocate() }

  /// The bytes, to read.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // Sound: the memory lives as long as `self`, which the result borrows.
      let span = unsafe RawSpan(_unsafeStart: memory, byteCount: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The bytes, to change.
  public var mutableBytes: MutableRawSpan {
    @_lifetime(&self)
    mutating get {
      // Sound: as above, and the result borrows `self` exclusively.
      let span = unsafe MutableRawSpan(_unsafeStart: memory, byteCount: count)
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }
}
