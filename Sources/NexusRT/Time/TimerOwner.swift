// What a deadline is for: the wait of a slot, or a cancel scope.

/// Both kinds are at least 8-aligned, which leaves the lowest bit to tell them apart. Each keeps the place of its deadline in
/// the wheel, so that the deadline is found again without a search.
struct TimerOwner: Equatable {
  private let bits: UInt

  @inline(__always) init(_ slot: SlotPointer) { bits = UInt(bitPattern: slot) }
  @inline(__always) init(_ scope: ScopePointer) { bits = UInt(bitPattern: scope) | 1 }

  /// Owns nothing; of a node that is free.
  @inline(__always) private init() { bits = 0 }
  static let nobody = TimerOwner()

  @inline(__always) var isScope: Bool { bits & 1 != 0 }

  /// Only of an owner that is no scope.
  @inline(__always) var slot: SlotPointer {
    // Sound: `bits` came from a slot pointer.
    unsafe SlotPointer(bitPattern: bits).unsafelyUnwrapped
  }

  /// Only of an owner that is a scope.
  @inline(__always) var scope: ScopePointer {
    // Sound: `bits` came from a scope's pointer.
    unsafe ScopePointer(bitPattern: bits & ~1).unsafelyUnwrapped
  }

  /// The node of the owner's deadline; -1 while it has none.
  @inline(__always) var place: Int32 {
    get { unsafe isScope ? scope.pointee.timerIndex : slot.pointee.timerIndex }
    nonmutating set {
      if isScope {
        unsafe scope.pointee.timerIndex = newValue
      } else {
        unsafe slot.pointee.timerIndex = newValue
      }
    }
  }
}
