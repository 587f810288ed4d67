// Memory for bodies that is used again: free blocks by size, and the slab's.

public import CNexus

/// Blocks for bodies, in sizes of whole `step`s, each with a list of free ones that are kept for the next spawn; larger blocks
/// come and go. One list more is the slab's: blocks of one size, which the configuration asked for.
@usableFromInline
@safe
struct BodyPool {
  /// Whole cache lines: the first of a body is most of what running it touches.
  @usableFromInline static let step = 64
  @usableFromInline static let largestList = 5
  @usableFromInline static let slabList: UInt8 = 6
  @usableFromInline static let alignment = 64
  /// Free blocks of each list, linked through their first word.
  @usableFromInline var free: InlineArray<7, UnsafeMutableRawPointer?>
  @usableFromInline var slab: BodySlab?
  private var arena = BodyArena()
  /// Where most blocks lie: the arena's newest piece.
  @usableFromInline var pieceStart: UInt = 0
  @usableFromInline var pieceSize: UInt = 0

  init() { unsafe free = InlineArray(repeating: nil) }

  /// Memory for a body; O(1), and no allocation while a block of its size is free.
  @inlinable @inline(__always)
  mutating func take(_ layout: BodyLayout) -> UnsafeMutableRawPointer {
    let list = layout.poolList
    if list == 0 { return .allocate(byteCount: layout.size, alignment: layout.alignment) }
    if let block = unsafe takeFree(list) { return unsafe block }
    return unsafe carve(list)
  }

  @usableFromInline @inline(never)
  mutating func carve(_ list: UInt8) -> UnsafeMutableRawPointer {
    unsafe carve(1, Int(list) * BodyPool.step)
  }

  private mutating func carve(_ count: Int, _ stride: Int) -> UnsafeMutableRawPointer {
    let memory = unsafe arena.carve(count, stride)
    unsafe (pieceStart, pieceSize) = (UInt(bitPattern: arena.newest.start), UInt(arena.newest.size))
    return unsafe memory
  }

  /// Whether a block was carved off here. One that was not is of a runtime that has ended, whose handle is still there.
  @inlinable @inline(__always)
  func owns(_ block: UnsafeMutableRawPointer) -> Bool {
    if UInt(bitPattern: block) &- pieceStart < pieceSize { return true }
    return unsafe ownsElsewhere(block)
  }

  @usableFromInline @inline(never)
  func ownsElsewhere(_ block: UnsafeMutableRawPointer) -> Bool { unsafe arena.has(block) }

  @inlinable @inline(__always)
  mutating func takeFree(_ list: UInt8) -> UnsafeMutableRawPointer? {
    guard let block = unsafe free[Int(list)] else { return nil }
    let next = unsafe block.load(as: UnsafeMutableRawPointer?.self)
    // The next one to be taken is to be in the cache by then: in a crowd it is not.
    unsafe nexus_prefetch(next, 1)
    unsafe free[Int(list)] = next
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
    let stride = (slab!.size.bytesPerSlot + 63) & ~63
    let memory = unsafe carve(count, stride)
    slab!.count += count
    // The lowest on top: tasks that are spawned one after the other lie one after the other.
    for index in (0..<count).reversed() { unsafe give(back: memory + index * stride, BodyPool.slabList) }
  }

  /// Gives every block back: the end of the runtime. Those that handles still have go with the last of them.
  mutating func freeAll() {
    var isFree = 0
    for list in 1...BodyPool.slabList {
      while unsafe takeFree(list) != nil { isFree += 1 }
    }
    arena.end(free: isFree)
  }
}

/// What there is of a slab.
@usableFromInline
struct BodySlab {
  @usableFromInline let size: SlabSize
  /// Blocks that there are.
  var count = 0

  init(_ size: SlabSize) { self.size = size }

  @usableFromInline
  static func trapMissing() -> Never {
    fatalError("NexusRT: this runtime has no slab to spawn into: set Configuration.slab before it is made")
  }
}
