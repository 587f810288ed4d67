// What a deadline is for: the wait of a slot, a cancel scope, or a job of the Swift runtime.

/// All three are at least 8-aligned, which leaves the lowest bits to tell them apart. Slots and scopes keep the place of their
/// deadline in the wheel, so that it is found again without a search; nobody takes a job's back.
struct TimerOwner: Equatable {
  private let bits: UInt

  @inline(__always) init(_ slot: SlotPointer) { bits = UInt(bitPattern: slot) }
  @inline(__always) init(_ scope: ScopePointer) { bits = UInt(bitPattern: scope) | 1 }

  init(_ job: UnownedJob) { bits = unsafe unsafeBitCast(job, to: UInt.self) | 2 }

  /// Owns nothing; of a node that is free.
  @inline(__always) private init() { bits = 0 }
  static let nobody = TimerOwner()

  @inline(__always) var isScope: Bool { bits & 1 != 0 }

  @inline(__always) var isJob: Bool { bits & 2 != 0 }

  /// Only of an owner that is a job.
  var job: UnownedJob {
    // Sound: `bits` came from an UnownedJob, whose one word is the job's address.
    unsafe unsafeBitCast(bits & ~2, to: UnownedJob.self)
  }

  /// Only of an owner that is neither a scope nor a job.
  @inline(__always) var slot: SlotPointer {
    // Sound: `bits` came from a slot pointer.
    unsafe SlotPointer(bitPattern: bits).unsafelyUnwrapped
  }

  /// Only of an owner that is a scope.
  @inline(__always) var scope: ScopePointer {
    // Sound: `bits` came from a scope's pointer.
    unsafe ScopePointer(bitPattern: bits & ~1).unsafelyUnwrapped
  }

  /// The node of the owner's deadline; -1 while it has none, and of a job.
  @inline(__always) var place: Int32 {
    get {
      if isJob { return -1 }
      return unsafe isScope ? scope.pointee.timerIndex : slot.pointee.timerIndex
    }
    nonmutating set {
      if isScope {
        unsafe scope.pointee.timerIndex = newValue
      } else if !isJob {
        unsafe slot.pointee.timerIndex = newValue
      }
    }
  }
}
