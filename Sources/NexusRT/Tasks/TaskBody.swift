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
  /// The closure and where its result and arguments are, as nexus_resident.h takes them.
  @usableFromInline var call: nexus_body_call
  @usableFromInline var outcome: Outcome = .pending
  /// Whether a resident has begun to run it.
  @usableFromInline var hasStarted = false
  /// Whether it was cancelled; before it starts this is only a mark.
  @usableFromInline var isCancelled = false
  /// Which list of the pool the block belongs to; 0 if to none.
  @usableFromInline let poolList: UInt8
  @usableFromInline var references: Int32 = 2
  /// The thread it belongs to.
  @usableFromInline let threadID: Int32
  /// When it ended among the bodies that somebody waited for: one more than the one before, and it may wrap round.
  @usableFromInline var place: UInt32 = 0
  /// The slot of the resident that runs it; nil before it starts and after it ended.
  @usableFromInline var slot: SlotPointer?
  /// The task that waits for the result, if one does.
  @usableFromInline var joiner: SlotPointer?
  // Here a cache line ends: what running a body and joining it touch is above, what few of them do below.
  /// Which spawn made it; never the same again in the process.
  @usableFromInline let serial: UInt64
  /// What it is called, as a C string; nil if it has no name.
  @usableFromInline let name: UnsafePointer<UInt8>?
  @usableFromInline var error: (any Error)?
  /// Runs the closure by public means: for the portable ways of suspending.
  @usableFromInline let runPortably: nonisolated(nonsending) (BodyPointer) async -> Void
  /// Deinitialises the result; nil where there is nothing to do.
  @usableFromInline let destroyResult: ((UnsafeMutableRawPointer) -> Void)?

  @inlinable
  init(
    call: nexus_body_call, poolList: UInt8, threadID: Int32, serial: UInt64, name: UnsafePointer<UInt8>?,
    runPortably: nonisolated(nonsending) @escaping (BodyPointer) async -> Void,
    destroyResult: ((UnsafeMutableRawPointer) -> Void)?
  ) {
    unsafe self.call = call
    unsafe self.runPortably = runPortably
    unsafe self.destroyResult = destroyResult
    self.poolList = poolList
    self.threadID = threadID
    self.serial = serial
    unsafe self.name = name
    unsafe slot = nil
    unsafe joiner = nil
  }

  var nameText: String? { unsafe name.map { unsafe String(cString: $0) } }

  @inlinable
  var isFinished: Bool { @inline(__always) get { outcome != .pending } }

  /// The result's place.
  @inlinable @inline(__always)
  static func result(of body: BodyPointer) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(body) + Int(body.pointee.call.result)
  }
}

@usableFromInline typealias BodyPointer = UnsafeMutablePointer<TaskBody>

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
    let list = unsafe body.pointee.poolList
    // Of another runtime on this thread, perhaps, that has ended.
    guard list != 0, unsafe loop.pointee.bodyPool.owns(UnsafeMutableRawPointer(body)) else {
      unsafe freeElsewhere(body)
      return
    }
    unsafe emptyOut(body)
    unsafe body.deinitialize(count: 1)
    unsafe loop.pointee.bodyPool.give(back: UnsafeMutableRawPointer(body), list)
  }

  @inlinable @inline(__always)
  static func emptyOut(_ body: BodyPointer) {
    if unsafe body.pointee.outcome == .success, let destroy = unsafe body.pointee.destroyResult {
      unsafe destroy(result(of: body))
    }
  }

  /// A handle that outlived its runtime, or that was moved to another thread.
  @usableFromInline @inline(never)
  static func releaseElsewhere(_ body: BodyPointer) {
    require(
      unsafe body.pointee.threadID == nexus_thread_id(),
      "NexusRT: a JoinHandle was dropped on another thread than its runtime's")
    unsafe body.pointee.references -= 1
    if unsafe body.pointee.references == 0 { unsafe freeElsewhere(body) }
  }

  /// Of a body that is not this runtime's pool's: too large for it, or an ended runtime's.
  @usableFromInline @inline(never)
  static func freeElsewhere(_ body: BodyPointer) {
    unsafe emptyOut(body)
    let isOfPool = unsafe body.pointee.poolList != 0
    unsafe body.deinitialize(count: 1)
    if isOfPool {
      unsafe BodyArena.release(UnsafeMutableRawPointer(body))
    } else {
      unsafe body.deallocate()
    }
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
