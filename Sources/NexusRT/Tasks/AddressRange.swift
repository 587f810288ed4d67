// Addresses that are reserved at once and given memory as it is needed: what is laid out in them never moves, lies in huge pages, and
// is found by a subtraction.

internal import Glibc

/// A range of addresses with memory in its first part. The memory comes zeroed; after the first 2 MiB it is asked for in huge pages,
/// so that a crowd of tasks is not slowed by a page fault for every few of them.
@safe struct AddressRange {
  let start: UnsafeMutableRawPointer
  /// In bytes.
  let size: Int
  /// How much of it has memory, in bytes.
  private var committed = 0

  private static let hugePage = 2 << 20

  /// Reserves `size` bytes of addresses, or a fourth of that, and so on, down to `least`: a process may be limited (RLIMIT_AS).
  /// Nil if not even that is to be had. A system call or two; no memory.
  init?(_ size: Int, least: Int) {
    var size = (size + AddressRange.hugePage - 1) & ~(AddressRange.hugePage - 1)
    while true {
      // No access: this is not counted as memory, however little the kernel may overcommit. A huge page must begin at
      // a multiple of its size, so one more is asked for.
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
      let memory = unsafe mmap(nil, size + AddressRange.hugePage, PROT_NONE, flags, -1, 0)
      if let memory = unsafe memory, unsafe memory != MAP_FAILED {
        let aligned =
          (UInt(bitPattern: memory) + UInt(AddressRange.hugePage - 1)) & ~UInt(AddressRange.hugePage - 1)
        unsafe start = UnsafeMutableRawPointer(bitPattern: aligned).unsafelyUnwrapped
        self.size = size
        let before = unsafe start - memory
        if before > 0 { unsafe munmap(memory, before) }
        if before < AddressRange.hugePage { unsafe munmap(start + size, AddressRange.hugePage - before) }
        if size > AddressRange.hugePage {
          unsafe madvise(start + AddressRange.hugePage, size - AddressRange.hugePage, Int32(MADV_HUGEPAGE))
        }
        return
      }
      guard size > AddressRange.hugePage, size / 4 >= least else { return nil }
      size = (size / 4 + AddressRange.hugePage - 1) & ~(AddressRange.hugePage - 1)
    }
  }

  /// Sees to it that the first `bytes` have memory; false if the range ends before that, or the kernel has none.
  @inline(__always)
  mutating func commit(_ bytes: Int) -> Bool { bytes <= committed || commitMore(bytes) }

  @inline(never)
  private mutating func commitMore(_ bytes: Int) -> Bool {
    guard bytes <= size else { return false }
    let end = (bytes + AddressRange.hugePage - 1) & ~(AddressRange.hugePage - 1)
    guard unsafe mprotect(start + committed, end - committed, PROT_READ | PROT_WRITE) == 0 else {
      return false
    }
    committed = end
    return true
  }

  /// How many bytes after the start `address` lies; nil if it is elsewhere.
  @inline(__always)
  func offset(of address: UnsafeMutableRawPointer) -> Int? {
    let offset = unsafe UInt(bitPattern: address) &- UInt(bitPattern: start)
    return offset < UInt(size) ? Int(offset) : nil
  }

  /// Gives everything back.
  func free() { unsafe munmap(start, size) }
}
