// The memory of a slab: its slots, which of them are free, and when all of it goes. The one home of unsafe code about slots.

public import CNexus
import Synchronization

/// What a slab is, beside its slots. At an address that does not change until nothing refers to it any more.
///
/// Invariants:
/// - `references` is the number of slots in use (by handles, claims and the slab itself), and one more while the slab is there.
///   Whoever makes it zero frees everything, so a slot in use is valid memory, also when its slab is gone.
/// - The slots that are not in use are linked from `free`, the last given back first.
/// - The element of a slot is initialised exactly while a `Slot` owns it, or the slab keeps it for a key.
@usableFromInline
@safe
struct SlabBlock {
  /// The first free slot.
  @usableFromInline var free: UnsafeMutableRawPointer?
  @usableFromInline var references = 1
  /// The record of the thread that made the slab, which no other living thread has.
  @usableFromInline let thread: UnsafeMutablePointer<nexus_thread>
  /// Slots whose element the slab keeps for a key.
  @usableFromInline var kept = 0
  /// The serial of the next key. At the start of a run there is none left.
  @usableFromInline var nextSerial: UInt64 = 0
  /// Slots that there are.
  @usableFromInline var capacity = 0
  /// A slot's index is its chunk's number shifted left by this, and its place in the chunk.
  @usableFromInline let chunkShift: Int
  @usableFromInline let layout: SlotLayout
  @usableFromInline let grows: Bool
  /// Slots of a chunk. A power of two if there may be several.
  @usableFromInline let chunkSlots: Int
  /// The chunks' first slots' starts, `chunkCount` of them, in room for `chunkRoom`.
  @usableFromInline var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>
  @usableFromInline var chunkCount = 0
  @usableFromInline var chunkRoom = 1

  /// Tells a serial from an index.
  @inlinable static var serialBit: UInt64 { 1 << 63 }
  /// Serials are handed to slabs in runs of that many, so that no two keys of the process have the same one.
  @inlinable static var runOfSerials: UInt64 { 1 << 20 }

  init(layout: SlotLayout, slots: Int, grows: Bool) {
    unsafe thread = nexus_thread_get()
    self.layout = layout
    self.grows = grows
    chunkSlots = grows ? 1 << (Int.bitWidth - (slots - 1).leadingZeroBitCount) : slots
    // One chunk: every index is of its first.
    chunkShift = grows ? chunkSlots.trailingZeroBitCount : 32
    unsafe chunks = .allocate(capacity: 1)
  }
}

/// Runs of serials that slabs have taken. A number alone: nothing is published with it.
private let runsTaken = Atomic<UInt64>(0)

/// A slab's block, as its slab and its slots hold it: a pointer with methods, copied freely.
///
/// No method runs code of the user's, so none is entered while another one is at work. That no other thread is at work is for the
/// compiler to see, with one gap: a slot can be sent away while its slab, or another slot, is still to be dropped, because a deinit
/// does not count as a use (Swift 6.3.1). So whatever a deinit can reach compares the thread.
@frozen
@usableFromInline
@safe
struct SlabMemory: BitwiseCopyable {
  @usableFromInline let block: UnsafeMutablePointer<SlabBlock>

  /// Makes the block and the first chunk.
  @usableFromInline
  init(layout: SlotLayout, slots: Int, grows: Bool) {
    require(slots > 0, "NexusSlab: a slab has at least one slot, not \(slots)")
    require(slots <= 1 << 31, "NexusSlab: a slab has 2^31 slots at most, not \(slots)")
    unsafe block = .allocate(capacity: 1)
    unsafe block.initialize(to: SlabBlock(layout: layout, slots: slots, grows: grows))
    addChunk()
  }

  /// The slab that a slot belongs to.
  @inlinable @inline(__always)
  init(of slot: UnsafeMutableRawPointer) {
    // Sound: the header is in front of every slot, was written when its chunk was made, and never changes.
    unsafe block = (slot - SlotLayout.headerBytes).load(as: UnsafeMutablePointer<SlabBlock>.self)
  }

  // MARK: Taking slots and giving them back

  /// A slot whose element is not initialised; nil if none is free and the slab does not grow. O(1), and no allocation while one
  /// is free.
  @inlinable @inline(__always)
  func take() -> UnsafeMutableRawPointer? {
    requireThread()
    guard let slot = unsafe block.pointee.free else { return unsafe takeOfNewChunk() }
    // Sound: a free slot holds the next one's address.
    unsafe block.pointee.free = slot.load(as: UnsafeMutableRawPointer?.self)
    unsafe block.pointee.references &+= 1
    return unsafe slot
  }

  @usableFromInline @inline(never)
  func takeOfNewChunk() -> UnsafeMutableRawPointer? {
    guard unsafe block.pointee.grows else { return nil }
    addChunk()
    return unsafe take()
  }

  /// Gives a slot back whose element is not initialised any more; the thread was compared before. O(1).
  @inlinable @inline(__always)
  static func give(back slot: UnsafeMutableRawPointer) {
    let memory = unsafe SlabMemory(of: slot)
    // Sound: the slot is in use, so its slab's block is there; and its element's memory, of a pointer's size at least, is free.
    unsafe slot.storeBytes(of: memory.block.pointee.free, as: UnsafeMutableRawPointer?.self)
    unsafe memory.block.pointee.free = slot
    memory.release()
  }

  /// One reference less: the last one frees the memory.
  @inlinable @inline(__always)
  func release() {
    unsafe block.pointee.references &-= 1
    if unsafe block.pointee.references == 0 { freeAll() }
  }

  /// Traps on another thread than the slab's. To be asked before a deinit changes anything, the element included.
  @inlinable @inline(__always)
  func requireThread() {
    // Sound: what is compared was written before the block was known to anybody, and never changes.
    if unsafe nexus_thread_get() != block.pointee.thread { trapThread() }
  }

  @usableFromInline @inline(never)
  func trapThread() -> Never {
    fatalError(
      "NexusSlab: a slab, or a slot or claim of one, was used or dropped on another thread than the slab was made on: make the slab on the thread that uses it"
    )
  }

  // MARK: Chunks

  /// Slots that there are.
  @inlinable
  var capacity: Int { unsafe block.pointee.capacity }

  /// Slots in use, while the slab is there.
  @inlinable
  var used: Int { unsafe block.pointee.references - 1 }

  /// The slot of an index below `capacity`.
  @inlinable @inline(__always)
  func slot(_ index: Int, _ layout: SlotLayout) -> UnsafeMutableRawPointer {
    let chunk = index &>> (unsafe block.pointee.chunkShift)
    let place = index & ((1 &<< (unsafe block.pointee.chunkShift)) &- 1)
    // Sound: the index is below the capacity, so there is that chunk and it has that place.
    return unsafe block.pointee.chunks[chunk] + (place &* layout.stride &+ layout.elementOffset)
  }

  /// Adds a chunk of free slots, the lowest first. Writes to every slot, so that its memory is there from now on.
  private func addChunk() {
    let count = unsafe block.pointee.chunkCount
    let slots = unsafe block.pointee.chunkSlots
    let layout = unsafe block.pointee.layout
    let (bytes, tooLarge) = slots.multipliedReportingOverflow(by: layout.stride)
    require(
      !tooLarge && (count + 1) * slots <= 1 << 31,
      "NexusSlab: a slab of \((count + 1) * slots) slots of \(layout.stride) bytes is too large")
    if unsafe count == block.pointee.chunkRoom { growTable() }
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: layout.alignment)
    unsafe (block.pointee.chunks + count).initialize(to: chunk)
    unsafe block.pointee.chunkCount = count + 1
    unsafe block.pointee.capacity += slots
    var place = slots
    while place > 0 {
      place -= 1
      let slot = unsafe chunk + (place * layout.stride + layout.elementOffset)
      unsafe (slot - SlotLayout.headerBytes).initializeMemory(
        as: UnsafeMutablePointer<SlabBlock>.self, to: block)
      unsafe (slot - 8).initializeMemory(as: UInt64.self, to: UInt64(count * slots + place))
      unsafe slot.storeBytes(of: block.pointee.free, as: UnsafeMutableRawPointer?.self)
      unsafe block.pointee.free = slot
    }
  }

  private func growTable() {
    let count = unsafe block.pointee.chunkCount
    let table = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: count * 2)
    unsafe table.moveInitialize(from: block.pointee.chunks, count: count)
    unsafe block.pointee.chunks.deallocate()
    unsafe block.pointee.chunks = table
    unsafe block.pointee.chunkRoom = count * 2
  }

  @usableFromInline @inline(never)
  func freeAll() {
    for chunk in 0..<(unsafe block.pointee.chunkCount) { unsafe block.pointee.chunks[chunk].deallocate() }
    unsafe block.pointee.chunks.deallocate()
    unsafe block.deinitialize(count: 1)
    unsafe block.deallocate()
  }

  // MARK: What the slab keeps

  /// The second word of a slot's header.
  @inlinable @inline(__always)
  static func mark(of slot: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt64> {
    // Sound: bound when the chunk was made.
    unsafe (slot - 8).assumingMemoryBound(to: UInt64.self)
  }

  /// Makes the slab the owner of a slot's element.
  @inlinable @inline(__always)
  func keep<Element: ~Copyable>(_ slot: UnsafeMutableRawPointer) -> SlabKey<Element> {
    var serial = unsafe block.pointee.nextSerial
    if serial & (SlabBlock.runOfSerials &- 1) == 0 { serial = SlabMemory.newSerials() }
    unsafe block.pointee.nextSerial = serial &+ 1
    unsafe block.pointee.kept &+= 1
    let mark = unsafe SlabMemory.mark(of: slot)
    let index = unsafe Int(truncatingIfNeeded: mark.pointee)
    unsafe mark.pointee = serial
    return SlabKey(index: index, serial: serial)
  }

  /// The first serial of a new run. They are not used up: 2^63 of them.
  @usableFromInline @inline(never)
  static func newSerials() -> UInt64 {
    let run = runsTaken.wrappingAdd(1, ordering: .relaxed).oldValue
    return SlabBlock.serialBit | (run &* SlabBlock.runOfSerials &+ 1)
  }

  /// The slot of a key, whose element the slab keeps; nil if it does not any more, or never did.
  @inlinable @inline(__always)
  func slot<Element: ~Copyable>(of key: SlabKey<Element>) -> UnsafeMutableRawPointer? {
    // Another slab's key may have any index.
    guard key.index < capacity else { return nil }
    let slot = unsafe slot(key.index, SlotLayout(of: Element.self))
    return unsafe SlabMemory.mark(of: slot).pointee == key.serial ? slot : nil
  }

  /// Ends that ownership: the element is the caller's.
  @inlinable @inline(__always)
  func unkeep(_ slot: UnsafeMutableRawPointer, _ index: Int) {
    unsafe SlabMemory.mark(of: slot).pointee = UInt64(truncatingIfNeeded: index)
    unsafe block.pointee.kept &-= 1
  }
}
