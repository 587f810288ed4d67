// Something another thread wants the loop to do: an object that travels through the mailbox and the run queue as slots
// and jobs do, linked through itself.

/// What a loop's thread is to do once. It is in one queue at most at a time.
@usableFromInline
class LoopMessage {
  /// The queue's link, 16 bytes into the object, behind the two words of every Swift object: where slots and jobs have theirs.
  /// Must stay the first stored property. Belongs to the queue the message is in.
  nonisolated(unsafe) final private var link: UInt = 0

  init() {
    assert(
      unsafe withUnsafePointer(to: &link) { UInt(bitPattern: $0) }
        == UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()) + 16,
      "a message's link stands where a job's scheduler word does")
  }

  /// Called on the loop's thread, when the message is taken from the run queue, with no access to the loop's state open.
  @usableFromInline
  func deliver(to loop: LoopPointer) { fatalError("a message says what it does") }
}

extension RunItem {
  /// An entry that keeps its message alive until `takeMessage`.
  init(message: LoopMessage) {
    bits =
      unsafe UInt(bitPattern: Unmanaged.passRetained(message).toOpaque()) | RunItem.jobBit
      | RunItem.messageBit
  }

  /// The message, which the entry keeps alive no longer. Once, of an item that is a message and in no queue.
  func takeMessage() -> LoopMessage {
    assert(isMessage)
    // Sound: `bits` came from `init(message:)`, which retained it for this call.
    return unsafe Unmanaged<LoopMessage>.fromOpaque(
      UnsafeRawPointer(bitPattern: bits & ~RunItem.tagMask).unsafelyUnwrapped
    ).takeRetainedValue()
  }
}
