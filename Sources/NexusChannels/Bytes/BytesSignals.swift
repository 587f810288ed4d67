// Who waits at a byte channel, and how they are woken. The ring below knows nothing of it.
//
// Two pairs of threads meet here, each in the same way: one announces that it waits and looks at the ring once more,
// the other changes the ring and looks whether anybody waits. Between its two steps each makes a full fence, so that at
// least one of them sees the other (Dekker's pattern): no wake is lost. The ring's own release and acquire would not do:
// they do not order a store before a later load.

public import CNexus
internal import LogBuf
internal import NexusRT
public import Synchronization

/// The waiting side of one byte channel, shared by all its ends.
@usableFromInline
final class BytesSignals: Sendable {
  /// How often a thread looks for room, with 32 spin hints in between, before it parks: about 20 us.
  @usableFromInline static let spins = 40

  /// The token of the receiver's wait; 0 while it does not wait. Written by the receiver, taken by a sender.
  @usableFromInline let receiver = Atomic<UInt64>(0)
  /// How many senders are in the queue. Changed under the queue's lock, read without it.
  @usableFromInline let waitingSenders = Atomic<Int>(0)
  private let senders = Guarded(SenderQueue())

  @usableFromInline init() {}

  // MARK: The receiver's wait

  /// Registers the receiver's wait, or takes it back with `.none`.
  func announce(receiver token: WakeToken) {
    // Release: whoever takes the token sees the armed slot it names.
    receiver.store(token.rawValue, ordering: .releasing)
  }

  /// To be called after a record was committed or a claim abandoned: wakes the receiver if it waits.
  @inlinable @inline(__always)
  func recordCommitted() {
    // The commit before the look: pairs with the fence of `BytesReceiver.waitForRecord`.
    nexus_full_fence()
    if receiver.load(ordering: .relaxed) != 0 { wakeReceiver() }
  }

  /// To be called after a sender closed its writer.
  @usableFromInline
  func senderLeft() {
    nexus_full_fence()
    wakeReceiver()
  }

  @usableFromInline @inline(never)
  func wakeReceiver() {
    // Taken by one sender only; a token that is out of date by now wakes nobody.
    let token = unsafe WakeToken(uncheckedRawValue: receiver.exchange(0, ordering: .acquiring))
    token.wake()
  }

  // MARK: The senders' waits

  @inlinable
  var hasWaitingSenders: Bool {
    @inline(__always) get { waitingSenders.load(ordering: .relaxed) != 0 }
  }

  /// To be called after room was given back: wakes the sender that has waited longest, if one waits.
  @inlinable @inline(__always)
  func roomFreed() {
    // The ring's new head before the look: pairs with the fence of those who queue.
    nexus_full_fence()
    if hasWaitingSenders { wakeFirstSender() }
  }

  /// To be called after the receiver closed its reader: everybody who waits is to see that.
  @usableFromInline
  func receiverLeft() {
    nexus_full_fence()
    while hasWaitingSenders { wake { $0.removeFirst() } }
  }

  /// A place at the end of the queue, to be left by `leave`.
  func join() -> SenderQueue.Place {
    change { $0.join() }
  }

  /// Registers the wait of the sender at `place`.
  ///
  /// - Returns: Whether it is next.
  func announce(_ waiter: WakeToken, at place: SenderQueue.Place) -> Bool {
    change { queue in
      queue.set(waiter, at: place)
      return queue.isFirst(place)
    }
  }

  /// Whether the sender at `place` is next: then, and only then, the room is its own to claim.
  func isFirst(_ place: SenderQueue.Place) -> Bool {
    change { $0.isFirst(place) }
  }

  /// Takes a sender out of the queue. The next one is then to be woken if there is room.
  func leave(_ place: SenderQueue.Place) {
    change { $0.remove(place) }
  }

  /// Wakes the first sender, if it has not been called already. It keeps its place.
  @usableFromInline @inline(never)
  func wakeFirstSender() {
    guard hasWaitingSenders else { return }
    wake { $0.callFirst() }
  }

  private func wake(_ choose: (inout SenderQueue) -> WakeToken?) {
    change(choose)?.wake()
  }

  private func change<Result>(_ body: (inout SenderQueue) -> Result) -> Result {
    senders.withLock { queue in
      let result = body(&queue)
      if waitingSenders.load(ordering: .relaxed) != queue.count {
        waitingSenders.store(queue.count, ordering: .relaxed)
      }
      return result
    }
  }
}
