// The memory of bodies' blocks: carved off once, used again through the pool's lists, and given back as a whole.

internal import Glibc

/// Hands out memory that is only given back all together, when the last block is no longer in use: a handle can outlive
/// its runtime, and its body with it.
@safe struct BodyArena {
  /// Addresses are taken in pieces of this many bytes.
  private static let pieceSize = 1 << 30
  private var pieces: [AddressRange] = []
  /// Bytes in use of the newest piece.
  private var used = 0
  /// Blocks that were carved off.
  private(set) var blocks = 0

  /// Memory for `count` blocks of `stride` bytes each, a multiple of 64, to which they are aligned.
  mutating func carve(_ count: Int, _ stride: Int) -> UnsafeMutableRawPointer {
    let bytes = count * stride
    if pieces.isEmpty || !pieces[pieces.count - 1].commit(used + bytes) {
      guard var piece = AddressRange(max(bytes, BodyArena.pieceSize), least: bytes), piece.commit(bytes)
      else {
        fatalError("NexusRT: the kernel has no memory for \(bytes) more bytes of tasks")
      }
      pieces.append(piece)
      used = 0
    }
    defer { used += bytes }
    blocks += count
    return unsafe pieces[pieces.count - 1].start + used
  }

  /// The piece that blocks are carved off from now; after the first `carve`.
  var newest: AddressRange { pieces[pieces.count - 1] }

  /// The end of the runtime, with `free` of the blocks not in use.
  mutating func end(free: Int) {
    if free == blocks {
      freeAll()
    } else {
      let orphan = Orphan(arena: self, inUse: blocks - free)
      BodyArena.orphans.withLock { $0.append(orphan) }
    }
    self = BodyArena()
  }

  private func freeAll() { pieces.forEach { $0.free() } }

  // MARK: Arenas that outlive their runtimes

  struct Orphan {
    let arena: BodyArena
    var inUse: Int
  }

  static let orphans = Guarded<[Orphan]>([])

  /// A block whose runtime has ended is no longer in use.
  static func release(_ block: UnsafeMutableRawPointer) {
    // Only its address is needed from here on.
    nonisolated(unsafe) let block = unsafe block
    BodyArena.orphans.withLock { orphans in
      guard let index = orphans.firstIndex(where: { unsafe $0.arena.has(block) }) else { return }
      orphans[index].inUse -= 1
      if orphans[index].inUse == 0 { orphans.remove(at: index).arena.freeAll() }
    }
  }

  func has(_ block: UnsafeMutableRawPointer) -> Bool {
    pieces.contains { unsafe $0.offset(of: block) != nil }
  }
}
