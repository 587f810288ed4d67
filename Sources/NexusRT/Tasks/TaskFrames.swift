// The memory that residents' frames lie in, where the Swift runtime's own chunk can be replaced (nexus_task_frames.h).

internal import CNexus
internal import Glibc

/// A place of `size` bytes for each slot, in blocks that come from the kernel as they are needed. Blocks after the first are
/// asked for in huge pages: a crowd of tasks is then not slowed by a page fault for every few of them.
@safe struct TaskFrames {
  /// What the frames of a task may take before the Swift runtime adds a chunk of its own: a resident's own part, and some
  /// calls deep of the user's.
  static let size = 672
  private static let slotsPerBlock = blockSize / size
  /// A huge page.
  private static let blockSize = 2 << 20

  private var blocks: [UnsafeMutableRawPointer?] = unsafe []

  /// The place of a slot; nil if the kernel has no memory.
  mutating func place(of slot: UInt32) -> UnsafeMutableRawPointer? {
    let index = Int(slot) / TaskFrames.slotsPerBlock
    while unsafe blocks.count <= index { unsafe blocks.append(nil) }
    if unsafe blocks[index] == nil { unsafe blocks[index] = TaskFrames.map(huge: index > 0) }
    return unsafe blocks[index].map { unsafe $0 + Int(slot) % TaskFrames.slotsPerBlock * TaskFrames.size }
  }

  /// Gives the memory back: the end of the runtime, when no task of it exists.
  func free() {
    unsafe blocks.forEach { block in
      if let block = unsafe block { unsafe munmap(block, TaskFrames.blockSize) }
    }
  }

  private static func map(huge: Bool) -> UnsafeMutableRawPointer? {
    // A huge page must begin at a multiple of its size: ask for twice as much, and give the rest back.
    let span = blockSize * 2
    guard
      let start = unsafe mmap(
        nil, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
      unsafe start != MAP_FAILED
    else { return nil }
    let aligned = unsafe UnsafeMutableRawPointer(
      bitPattern: (UInt(bitPattern: start) + UInt(blockSize) - 1) & ~UInt(blockSize - 1)
    ).unsafelyUnwrapped
    let before = unsafe aligned - start
    if before > 0 { unsafe munmap(start, before) }
    if before < blockSize { unsafe munmap(aligned + blockSize, blockSize - before) }
    if huge { unsafe madvise(aligned, blockSize, Int32(MADV_HUGEPAGE)) }
    return unsafe aligned
  }
}
