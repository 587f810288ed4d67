// The words that the loop looks at itself on behalf of tasks that wait for another thread to change them.
//
// Who publishes to a channel stores a word and then looks whether somebody waits. If both orders must hold at once, one
// side needs a full fence between its two steps, and so does the other (Dekker's pattern). Publishing is what
// happens millions of times, so the publisher's fence is a light one, and the waiter's heavy one is made late and for many:
// until the loop has made it, the loop looks at the word. It makes it before it parks, which costs more anyhow.

internal import CNexus
internal import Synchronization

/// Waits that nobody can be relied on to end yet.
///
/// Invariant: a wait that is armed, was announced, and is not in here was announced before a heavy fence, after
/// which its word was seen unchanged; so who changes the word from then on sees the announcement.
@usableFromInline
struct WatchedWords {
  @safe private struct Entry {
    var word: UnsafePointer<Atomic<UInt64>>
    /// The value with which there is nothing to do.
    var expected: UInt64
    var slot: SlotPointer
    /// The slot's state while the wait lasts.
    var armed: UInt64
  }

  private var entries: [Entry] = []

  @inline(__always) var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  init() { entries.reserveCapacity(WatchedWords.most) }

  /// With more than this, a fence is cheaper than looking at them each turn.
  static let most = 32

  mutating func add(
    _ word: UnsafePointer<Atomic<UInt64>>, expected: UInt64, _ slot: SlotPointer, armed: UInt64
  ) {
    unsafe entries.append(Entry(word: word, expected: expected, slot: slot, armed: armed))
  }

  /// Takes out what is over, and gives each wait whose word has changed, as its slot and armed state, to `wake`.
  mutating func check(_ wake: (SlotPointer, UInt64) -> Void) {
    var index = entries.count - 1
    while index >= 0 {
      let entry = entries[index]
      // Sound: while the wait is armed its task has not run since, so what it waits at still exists.
      let isWaiting = unsafe entry.slot.pointee.state.load(ordering: .relaxed) == entry.armed
      if isWaiting, unsafe entry.word.pointee.load(ordering: .acquiring) == entry.expected {
        index -= 1
        continue
      }
      if isWaiting { unsafe wake(entry.slot, entry.armed) }
      entries[index] = entries[entries.count - 1]
      entries.removeLast()
      index -= 1
    }
  }

  /// Takes the entries of a slot out.
  mutating func remove(of slot: SlotPointer) { unsafe entries.removeAll { unsafe $0.slot == slot } }

  /// Forgets the waits: to be called after a heavy fence and a check.
  mutating func forgetAll() { entries.removeAll(keepingCapacity: true) }
}
