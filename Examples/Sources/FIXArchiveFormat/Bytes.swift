/// Little-endian numbers in memory, always within bounds.
///
/// The kernels refuse to compile on a big-endian machine, so a load is the number as the file has it.
extension RawSpan {
  @inline(__always)
  func load32(_ offset: Int) -> UInt32 {
    // SAFETY: every bit pattern is a UInt32, and this load checks the bounds.
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  func load64(_ offset: Int) -> UInt64 {
    // SAFETY: every bit pattern is a UInt64, and this load checks the bounds.
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Whether all bytes in `range` are zero. O(range).
  func isZero(_ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    while offset + 8 <= range.upperBound {
      if load64(offset) != 0 { return false }
      offset += 8
    }
    while offset < range.upperBound {
      // SAFETY: every bit pattern is a UInt8, and this load checks the bounds.
      if unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) != 0 { return false }
      offset += 1
    }
    return true
  }
}

extension UnsafeMutableRawBufferPointer {
  @inline(__always)
  func store<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number, at offset: Int) {
    unsafe storeBytes(of: value, toByteOffset: offset, as: Number.self)
  }

  /// Sets `range` to zero. O(range).
  func zero(_ range: Range<Int>) {
    if range.isEmpty { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: self[range]).initializeMemory(as: UInt8.self, repeating: 0)
  }
}
