// Memory for bodies that is used again: free blocks by size, and the slab's.

/// Blocks for bodies, in sizes of whole `step`s, each with a list of free ones that are kept for the next spawn; larger blocks
/// come and go. One list more is the slab's: blocks of one size, which the configuration asked for.
@usableFromInline
@safe
struct BodyPool {
  @usableFromInline static let step = 32
  @usableFromInline static let largestList = 10
  @usableFromInline static let slabList: UInt8 = 11
  @usableFromInline static let alignment = 16
  /// Free blocks of each list, linked through their first word.
  @usableFromInline var free: InlineArray<12, UnsafeMutableRawPointer?>
  @usableFromInline var slab: BodySlab?

  init() { unsafe free = InlineArray(repeating: nil) }

  /// Memory for a body; O(1), and no allocation while a block of its size is free.
  @inlinable @inline(__always)
  mutating func take(_ layout: BodyLayout) -> UnsafeMutableRawPointer {
    let list = layout.poolList
    if list == 0 { return .allocate(byteCount: layout.size, alignment: layout.alignment) }
    if let block = unsafe takeFree(list) { return unsafe block }
    return .allocate(byteCount: Int(list) * BodyPool.step, alignment: BodyPool.alignment)
  }

  @inlinable @inline(__always)
  mutating func takeFree(_ list: UInt8) -> UnsafeMutableRawPointer? {
    guard let block = unsafe free[Int(list)] else { return nil }
    unsafe free[Int(list)] = block.load(as: UnsafeMutableRawPointer?.self)
    return unsafe block
  }

  @inlinable @inline(__always)
  mutating func give(back block: UnsafeMutableRawPointer, _ list: UInt8) {
    unsafe block.storeBytes(of: free[Int(list)], as: UnsafeMutableRawPointer?.self)
    unsafe free[Int(list)] = block
  }

  // MARK: The slab

  mutating func makeSlab(_ size: SlabSize) {
    slab = BodySlab(size)
    addBlocks(size.slots)
  }

  /// A block of the slab; nil if none is free and it does not grow. O(1), and no allocation while one is free.
  @inlinable @inline(__always)
  mutating func takeOfSlab() -> UnsafeMutableRawPointer? {
    if let block = unsafe takeFree(BodyPool.slabList) { return unsafe block }
    return unsafe grownSlab()
  }

  @usableFromInline @inline(never)
  mutating func grownSlab() -> UnsafeMutableRawPointer? {
    guard let slab else { BodySlab.trapMissing() }
    guard slab.size.grows else { return nil }
    // As many again: the cost of growing is O(1) for each task that is spawned.
    addBlocks(max(slab.count, 64))
    return unsafe takeFree(BodyPool.slabList)
  }

  private mutating func addBlocks(_ count: Int) {
    let (memory, stride) = unsafe slab!.allocate(count)
    // The lowest on top: tasks that are spawned one after the other lie one after the other.
    for index in (0..<count).reversed() { unsafe give(back: memory + index * stride, BodyPool.slabList) }
  }

  /// Frees every block: the end of the runtime.
  mutating func freeAll() {
    for list in 1...BodyPool.largestList {
      while let block = unsafe takeFree(UInt8(list)) { unsafe block.deallocate() }
    }
    var isFree = 0
    while unsafe takeFree(BodyPool.slabList) != nil { isFree += 1 }
    // A handle that outlives its runtime still has its block.
    if let slab, isFree == slab.count { slab.free() }
  }
}

/// The memory of a slab.
@usableFromInline
@safe
struct BodySlab {
  @usableFromInline let size: SlabSize
  /// Blocks that there are.
  private(set) var count = 0
  private var pieces: [UnsafeMutableRawPointer] = unsafe []

  init(_ size: SlabSize) { self.size = size }

  mutating func allocate(_ blocks: Int) -> (UnsafeMutableRawPointer, stride: Int) {
    let stride = (size.bytesPerSlot + 63) & ~63
    let memory = UnsafeMutableRawPointer.allocate(byteCount: blocks * stride, alignment: 64)
    unsafe pieces.append(memory)
    count += blocks
    return unsafe (memory, stride)
  }

  func free() { unsafe pieces.forEach { unsafe $0.deallocate() } }

  @usableFromInline
  static func trapMissing() -> Never {
    fatalError("NexusRT: this runtime has no slab to spawn into: set Configuration.slab before it is made")
  }
}
