// What a resident runs: a spawned closure, the values moved into it, its result, and who waits for that.
//
// A body is one block of memory, taken from the loop's pool: this header, then room for the closure, its result and its
// arguments. The header knows no types; the code that fills and empties the room is specialised in the module that
// spawns, so that a spawn looks up no generic metadata. The block is shared by the resident and the
// JoinHandle, counted without atomics: both belong to the loop's thread.

public import CNexus
internal import Glibc

/// How a body ended, and what is in its block.
@usableFromInline
enum Outcome: UInt8 {
  /// It has not ended: no result.
  case pending
  /// The result's memory is initialised.
  case success
  /// `error` is set.
  case failure
  /// The result was taken out.
  case taken
}

/// The header of a body's block.
///
/// Invariants: `references` is 2 at first, one for the resident that runs it and one for its handle; the closure and the
/// arguments are initialised until the body has run; the result is initialised exactly while `outcome` is `success`.
@usableFromInline
@safe
struct TaskBody: ~Copyable {
  /// The closure's words and where its result and arguments are, as nexus_run_body takes them.
  @usableFromInline var call: nexus_body_call
  /// Runs the closure by public means: for the portable ways of suspending.
  @usableFromInline let runPortably: nonisolated(nonsending) (BodyPointer) async -> Void
  /// Deinitialises the result; nil where there is nothing to do.
  @usableFromInline let destroyResult: ((UnsafeMutableRawPointer) -> Void)?
  @usableFromInline var error: (any Error)?
  @usableFromInline var outcome: Outcome = .pending
  /// Whether a resident has begun to run it.
  @usableFromInline var hasStarted = false
  /// Whether it was cancelled; before it starts this is only a mark.
  @usableFromInline var isCancelled = false
  /// Whether the block is of the pool's size.
  @usableFromInline let isPooled: Bool
  @usableFromInline var references: Int32 = 2
  /// The thread it belongs to.
  @usableFromInline let threadID: Int32
  /// When it ended among the bodies that somebody waited for: one more than the one before, and it may wrap round.
  @usableFromInline var place: UInt32 = 0
  /// The slot of the resident that runs it; nil before it starts and after it ended.
  @usableFromInline var slot: SlotPointer?
  /// The task that waits for the result, if one does.
  @usableFromInline var joiner: SlotPointer?

  @inlinable
  init(
    call: nexus_body_call, isPooled: Bool, threadID: Int32,
    runPortably: nonisolated(nonsending) @escaping (BodyPointer) async -> Void,
    destroyResult: ((UnsafeMutableRawPointer) -> Void)?
  ) {
    unsafe self.call = call
    unsafe self.runPortably = runPortably
    unsafe self.destroyResult = destroyResult
    self.isPooled = isPooled
    self.threadID = threadID
    unsafe slot = nil
    unsafe joiner = nil
  }

  @inlinable
  var isFinished: Bool { @inline(__always) get { outcome != .pending } }
}

@usableFromInline typealias BodyPointer = UnsafeMutablePointer<TaskBody>

/// Where the parts of a body's block are, in bytes from its start.
@usableFromInline
struct BodyLayout {
  @usableFromInline let closure: Int
  @usableFromInline let result: Int
  @usableFromInline let first: Int
  @usableFromInline let second: Int
  @usableFromInline let size: Int
  @usableFromInline let alignment: Int

  /// Folds to constants where the types are known.
  @inlinable @inline(__always)
  init<Success: ~Copyable, A: ~Copyable, B: ~Copyable>(_: Success.Type, _: A.Type, _: B.Type) {
    closure = (MemoryLayout<TaskBody>.size + 15) & ~15
    result = BodyLayout.place(closure + 16, MemoryLayout<Success>.alignment)
    first = BodyLayout.place(result + MemoryLayout<Success>.size, MemoryLayout<A>.alignment)
    second = BodyLayout.place(first + MemoryLayout<A>.size, MemoryLayout<B>.alignment)
    size = second + MemoryLayout<B>.size
    alignment = max(
      16, MemoryLayout<Success>.alignment, MemoryLayout<A>.alignment, MemoryLayout<B>.alignment)
  }

  @inlinable @inline(__always)
  static func place(_ offset: Int, _ alignment: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }
}

/// Blocks for bodies. Those of `size` bytes are kept for the next spawn; larger ones come and go.
@usableFromInline
@safe
struct BodyPool {
  @usableFromInline static let size = 256
  @usableFromInline static let alignment = 16
  /// Free blocks, linked through their first word.
  @usableFromInline var first: UnsafeMutableRawPointer?

  init() { unsafe first = nil }

  /// Memory for a body; O(1), and no allocation while a block is free.
  @inlinable @inline(__always)
  mutating func take(_ layout: BodyLayout) -> UnsafeMutableRawPointer {
    if layout.size <= BodyPool.size && layout.alignment <= BodyPool.alignment {
      if let block = unsafe first {
        unsafe first = block.load(as: UnsafeMutableRawPointer?.self)
        return unsafe block
      }
      return .allocate(byteCount: BodyPool.size, alignment: BodyPool.alignment)
    }
    return .allocate(byteCount: layout.size, alignment: layout.alignment)
  }

  @inlinable @inline(__always)
  mutating func give(back block: UnsafeMutableRawPointer) {
    unsafe block.storeBytes(of: first, as: UnsafeMutableRawPointer?.self)
    unsafe first = block
  }

  /// Frees every block: the end of the runtime.
  func freeAll() {
    var next = unsafe first
    while let block = unsafe next {
      unsafe next = block.load(as: UnsafeMutableRawPointer?.self)
      unsafe block.deallocate()
    }
  }
}

extension TaskBody {
  /// Gives one reference up. With the last one the result, if nobody took it, is deinitialised, which may run the user's
  /// code, and the block goes back.
  @inlinable @inline(__always)
  static func release(_ body: BodyPointer) {
    guard let loop = unsafe LoopState.ofThisThread, unsafe loop.pointee.threadID == body.pointee.threadID
    else {
      unsafe releaseElsewhere(body)
      return
    }
    unsafe body.pointee.references -= 1
    if unsafe body.pointee.references > 0 { return }
    unsafe emptyOut(body)
    if unsafe body.pointee.isPooled {
      unsafe body.deinitialize(count: 1)
      unsafe loop.pointee.bodyPool.give(back: UnsafeMutableRawPointer(body))
    } else {
      unsafe body.deinitialize(count: 1)
      unsafe body.deallocate()
    }
  }

  @inlinable @inline(__always)
  static func emptyOut(_ body: BodyPointer) {
    if unsafe body.pointee.outcome == .success, let destroy = unsafe body.pointee.destroyResult {
      unsafe destroy(body.pointee.call.result)
    }
  }

  /// A handle that outlived its runtime, or that was moved to another thread.
  @usableFromInline @inline(never)
  static func releaseElsewhere(_ body: BodyPointer) {
    require(
      unsafe body.pointee.threadID == nexus_thread_id(),
      "NexusRT: a JoinHandle was dropped on another thread than its runtime's")
    unsafe body.pointee.references -= 1
    if unsafe body.pointee.references > 0 { return }
    unsafe emptyOut(body)
    unsafe body.deinitialize(count: 1)
    unsafe body.deallocate()
  }
}

extension TaskBody {
  /// Cancels the task that runs the body, or is to run it. Nothing happens if it has ended.
  static func cancel(_ body: BodyPointer) {
    guard unsafe !body.pointee.isFinished else { return }
    unsafe body.pointee.isCancelled = true
    // A resident that was given the body and has not run yet finds the mark when it starts.
    if unsafe body.pointee.hasStarted, let slot = unsafe body.pointee.slot {
      unsafe LoopState.cancel(slot, LoopState.current(for: "JoinHandle.cancel()"))
    }
  }
}
