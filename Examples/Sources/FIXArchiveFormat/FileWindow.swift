internal import Glibc

/// A part of a file in memory, read in large pieces, as far as its reader asks.
///
/// The memory is allocated once and grows only for a record that is larger.
@safe
struct FileWindow: ~Copyable {
  let file: ArchiveFile
  private var memory: UnsafeMutableRawBufferPointer
  // The file's bytes [base, base + filled) are at the start of `memory`.
  private var base = 0
  private var filled = 0
  /// The file's size when it was last asked for.
  private(set) var size: Int

  /// How much is read at once, in bytes.
  static let capacity = 4 << 20

  init(_ file: consuming ArchiveFile, capacity: Int = Self.capacity) throws(ArchiveError) {
    size = try file.size()
    self.file = file
    unsafe memory = .allocate(byteCount: capacity, alignment: ArchiveLayout.blockSize)
    self.file.expectSequentialReads()
  }

  deinit { unsafe memory.deallocate() }

  /// Forgets what was read and asks for the size again: the file may have changed.
  mutating func refresh() throws(ArchiveError) {
    filled = 0
    size = try file.size()
  }

  /// Makes the `count` bytes at `offset` available, or as many as the file has, and forgets what lies before.
  /// Amortised O(1) per byte of the file.
  mutating func load(_ count: Int, at offset: Int) throws(ArchiveError) {
    if offset >= base && offset + count <= base + filled { return }
    let kept = offset >= base ? max(0, base + filled - offset) : 0
    if unsafe count > memory.count {
      let larger = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ArchiveLayout.blockEnd(count), alignment: ArchiveLayout.blockSize)
      if kept > 0 {
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[filled - kept..<filled]))
      }
      unsafe memory.deallocate()
      unsafe memory = larger
    } else if kept > 0 {
      unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[filled - kept..<filled]))
    }
    base = offset
    filled = kept
    while filled < count {
      let got = try unsafe file.read(
        at: base + filled, into: UnsafeMutableRawBufferPointer(rebasing: memory[filled...]))
      if got == 0 { return }
      filled += got
    }
  }

  /// What is in memory from `offset` on.
  @_lifetime(borrow self)
  func bytes(at offset: Int) -> RawSpan {
    precondition(offset >= base && offset <= base + filled, "not loaded")
    let span = unsafe RawSpan(
      _unsafeBytes: UnsafeRawBufferPointer(rebasing: memory[offset - base..<filled]))
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// The `count` bytes at `offset`, which were loaded; valid until the next load.
  @unsafe
  func pointer(to count: Int, at offset: Int) -> UnsafeRawBufferPointer {
    precondition(offset >= base && offset + count <= base + filled, "not loaded")
    return unsafe UnsafeRawBufferPointer(rebasing: memory[offset - base..<offset - base + count])
  }
}
