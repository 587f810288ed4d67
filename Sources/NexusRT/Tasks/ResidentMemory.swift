// The memory that residents lie in, where the Swift runtime lays tasks out in memory that it is given (nexus_resident.h).

internal import CNexus

/// A place for the resident of each slot, in order.
@safe struct ResidentMemory {
  /// What a resident has, in bytes: 304 are its task and its own context, 32 the head of its first chunk of frames, 48 its preference
  /// of our executor. The rest is for the user's calls, some of them deep, before the Swift runtime adds a chunk of its own.
  static let size = 896 - lead
  private static let stride = 896
  /// In front of each: with it what a resume touches of a task, its status and the words of its allocator, is in one cache line.
  private static let lead = 32

  private var range: AddressRange?
  /// A process that may not have the addresses is not to be asked for each resident anew.
  private var isAskedFor = false

  /// The place of a slot; nil if there is none.
  mutating func place(of slot: UInt32) -> UnsafeMutableRawPointer? {
    if !isAskedFor {
      isAskedFor = true
      range = AddressRange(Int(Mailbox.slotLimit) * ResidentMemory.stride, least: 1 << 20)
    }
    let offset = Int(slot) * ResidentMemory.stride
    guard range?.commit(offset + ResidentMemory.stride) == true else { return nil }
    return unsafe range.unsafelyUnwrapped.start + offset + ResidentMemory.lead
  }

  /// Whether `task` lies in a place.
  @inline(__always)
  func holds(_ task: UnsafeMutableRawPointer) -> Bool { unsafe range?.offset(of: task) != nil }

  /// The slot whose place `task` lies in; nil if it lies in none.
  @inline(__always)
  func slot(of task: UnsafeMutableRawPointer) -> UInt32? {
    guard let offset = unsafe range?.offset(of: task) else { return nil }
    return UInt32(offset / ResidentMemory.stride)
  }

  /// Gives the memory back: the end of the runtime, when no task of it exists.
  func free() { range?.free() }
}
