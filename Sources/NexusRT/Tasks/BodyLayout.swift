// How a body's block is laid out.

/// Where the parts of a body's block are, in bytes from its start, where its header and in that its closure is.
@usableFromInline
struct BodyLayout {
  @usableFromInline let result: Int
  @usableFromInline let first: Int
  @usableFromInline let second: Int
  @usableFromInline let size: Int
  @usableFromInline let alignment: Int

  /// Folds to constants where the types are known.
  @inlinable @inline(__always)
  init<Success: ~Copyable, A: ~Copyable, B: ~Copyable>(_: Success.Type, _: A.Type, _: B.Type) {
    result = BodyLayout.place(MemoryLayout<TaskBody>.size, MemoryLayout<Success>.alignment)
    first = BodyLayout.place(result + MemoryLayout<Success>.size, MemoryLayout<A>.alignment)
    second = BodyLayout.place(first + MemoryLayout<A>.size, MemoryLayout<B>.alignment)
    size = second + MemoryLayout<B>.size
    alignment = max(
      16, MemoryLayout<Success>.alignment, MemoryLayout<A>.alignment, MemoryLayout<B>.alignment)
  }

  /// The list of the pool whose blocks it fits into; 0 if it fits into none.
  @inlinable
  var poolList: UInt8 {
    @inline(__always) get {
      let list = (size + BodyPool.step - 1) / BodyPool.step
      return list <= BodyPool.largestList && alignment <= BodyPool.alignment ? UInt8(list) : 0
    }
  }

  @inlinable @inline(__always)
  static func place(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
}
