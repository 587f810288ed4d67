// Who waits at a byte channel, and how they are woken. The ring below knows nothing of it.
//
// Publishing is what happens for each record, waiting is rare: so publishers make but a light fence, which costs nothing,
// and the waiter's side makes a heavy one (WatchedWords). Which store pairs with which load:
//
// * The receiver waits for the length word at the ring's head to become other than 0, or for `ends` to change. A sender
//   commits: stores the length word, light fence, loads `receiver`. The receiver registers: stores its token in `receiver`,
//   has its loop look at both words. Before the loop stops to look it announces the token, makes the heavy fence and
//   looks once more. A commit that this last look misses has its load after the fence, and finds the token announced; one
//   that found nothing, or a token that was not announced yet, was stored before the fence, and the look sees it.
// * The first of the senders that wait for room waits for the ring's head to move. The receiver gives room back: stores the
//   head, light fence, loads `firstSender`. The sender registers as the receiver does, with the head as its word.
// * A publisher on the waiter's own thread needs no fence to find the token, and does not wait for the loop to look.
// * A plain thread has no loop: it announces, makes the heavy fence and looks before it parks.
// * The other waiting senders stand behind the first in the queue, under a lock. Whoever leaves the queue's front wakes the
//   next, which then registers as the first: so nobody behind has to be found by the receiver.
// * Who leaves the channel changes `ends`, makes a full fence and looks for waiters: rare enough. The last sender's
//   leaving is seen by whoever looks at `ends` still, and its load of `receiver` finds whoever does not any more.
//   Senders that begin to wait queue, make a full fence and look whether the receiver is gone: either they see that, or
//   they are in the queue when it is emptied.

public import CNexus
internal import LogBuf
internal import NexusRT
public import Synchronization

/// The waiting side of one byte channel, shared by all its ends.
@usableFromInline
final class BytesSignals: Sendable {
  /// The receiver's wait.
  @usableFromInline let receiver = BytesBell()
  /// The wait of the sender whose turn it is. Set by that one alone, while it is first in the queue.
  @usableFromInline let firstSender = BytesBell()
  /// How many senders are in the queue. Changed under the queue's lock, read without it.
  @usableFromInline let waitingSenders = Atomic<Int>(0)
  private let senders = Guarded(SenderQueue())

  @usableFromInline init() {}

  // MARK: The receiver's wait

  /// To be called after a record was committed or a claim abandoned: wakes the receiver if it waits.
  @inlinable @inline(__always)
  func recordCommitted() {
    nexus_light_fence()
    if receiver.isSet { receiver.ring() }
  }

  /// To be called after a sender closed its writer.
  @usableFromInline
  func senderLeft() {
    nexus_full_fence()
    receiver.ringAnyway()
  }

  // MARK: The senders' waits

  @inlinable
  var hasWaitingSenders: Bool {
    @inline(__always) get { waitingSenders.load(ordering: .relaxed) != 0 }
  }

  /// To be called after room was given back: wakes the sender that has waited longest, if one waits.
  @inlinable @inline(__always)
  func roomFreed() {
    nexus_light_fence()
    if firstSender.isSet { firstSender.ring() }
  }

  /// To be called after the receiver closed its reader: everybody who waits is to see that.
  @usableFromInline
  func receiverLeft() {
    nexus_full_fence()
    while hasWaitingSenders { change { $0.removeFirst() }?.wake() }
  }

  /// A place at the end of the queue, to be left by `leave`.
  func join() -> SenderQueue.Place {
    change { $0.join() }
  }

  /// Registers the wait of the sender at `place`, to be woken when it is its turn or the receiver is gone.
  ///
  /// - Returns: Whether it is its turn: then it is to look for room itself.
  func announce(_ waiter: WakeToken, at place: SenderQueue.Place) -> Bool {
    let isFirst = change { queue in
      queue.set(waiter, at: place)
      return queue.isFirst(place)
    }
    // In the queue before the look whether the receiver is gone: pairs with the fence in `receiverLeft`.
    nexus_full_fence()
    return isFirst
  }

  /// Whether the sender at `place` is next: then, and only then, the room is its own to claim.
  func isFirst(_ place: SenderQueue.Place) -> Bool {
    change { $0.isFirst(place) }
  }

  /// Takes a sender out of the queue, and wakes the one whose turn it is then. That one looks for room itself, also if there
  /// is none now: so whatever ended the wait of the one that leaves, no room is left lying.
  func leave(_ place: SenderQueue.Place) {
    let next = change { queue in
      let wasFirst = queue.isFirst(place)
      queue.remove(place)
      return wasFirst ? queue.callFirst() : nil
    }
    next?.wake()
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
