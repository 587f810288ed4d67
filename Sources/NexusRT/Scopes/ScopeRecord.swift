// The loop's record of a cancel scope: whose it is, what is around it, and whether it was cancelled.

internal import Synchronization

/// One cancel scope that a task is in. The scopes of a task are linked from the innermost outwards, and the innermost is
/// in the task's slot, so that a scope costs a record of the pool and no allocation.
@usableFromInline
@safe struct ScopeRecord {
  /// The next scope around this one, of the same task; of a free record the next free one.
  var outer: ScopePointer?
  /// The slot of the task; nil while the record is free.
  var owner: SlotPointer?
  /// Which scope this record stands for; never the same again in the process. Zero while it is free.
  var serial: UInt64 = 0
  /// The record's place in the pool. Never changes.
  let index: UInt32
  /// The node of the scope's deadline in the timer wheel; -1 while it has none.
  var timerIndex: Int32 = -1
  var isCancelled = false
  /// Whether it was cancelled because its time was up, and nothing around it had been cancelled before.
  var isTimedOut = false

  init(index: UInt32) {
    self.index = index
    unsafe outer = nil
    unsafe owner = nil
  }
}

@usableFromInline typealias ScopePointer = UnsafeMutablePointer<ScopeRecord>

/// The scope records of one runtime, at addresses that stay until it ends.
@safe struct ScopePool {
  private static let chunkShift: UInt32 = 6
  private var chunks: [ScopePointer] = unsafe []
  private var firstFree: ScopePointer?
  private var lastSerial: UInt64

  init() {
    unsafe firstFree = nil
    lastSerial = LoopState.firstSerial()
  }

  /// A record for a scope of `owner`'s task, its new innermost one. O(1); allocates when no record is free.
  mutating func take(for owner: SlotPointer) -> ScopePointer {
    if unsafe firstFree == nil { grow() }
    let scope = unsafe firstFree.unsafelyUnwrapped
    unsafe firstFree = scope.pointee.outer
    lastSerial &+= 1
    unsafe scope.pointee.serial = lastSerial
    unsafe scope.pointee.owner = owner
    unsafe scope.pointee.outer = owner.pointee.scope
    unsafe scope.pointee.isCancelled = false
    unsafe scope.pointee.isTimedOut = false
    return unsafe scope
  }

  mutating func give(back scope: ScopePointer) {
    unsafe assert(scope.pointee.timerIndex < 0)
    unsafe scope.pointee.serial = 0
    unsafe scope.pointee.owner = nil
    unsafe scope.pointee.outer = firstFree
    unsafe firstFree = scope
  }

  /// The record of the scope with this serial; nil if that is over, or was another runtime's.
  func record(_ index: UInt32, serial: UInt64) -> ScopePointer? {
    let chunk = Int(index >> ScopePool.chunkShift)
    guard unsafe chunk < chunks.count else { return nil }
    let scope = unsafe chunks[chunk] + Int(index & ((1 << ScopePool.chunkShift) - 1))
    return unsafe scope.pointee.serial == serial ? scope : nil
  }

  @inline(never)
  private mutating func grow() {
    let count = 1 << Int(ScopePool.chunkShift)
    let chunk = ScopePointer.allocate(capacity: count)
    for offset in (0..<count).reversed() {
      let index = unsafe UInt32(chunks.count * count + offset)
      unsafe (chunk + offset).initialize(to: ScopeRecord(index: index))
      unsafe give(back: chunk + offset)
    }
    unsafe chunks.append(chunk)
  }

  /// Frees every record: the end of the runtime.
  func freeAll() {
    unsafe chunks.forEach { unsafe $0.deallocate() }
  }
}
