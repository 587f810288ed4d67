// The words that the loop looks at itself on behalf of tasks that wait for another thread to change them.
//
// Who publishes to a channel stores a word and then looks whether somebody waits. If no wake is to be lost, one full fence
// must stand between these two, and one between the waiter's announcement and its last look (Dekker's pattern). But
// publishing is what happens millions of times. So the publisher's fence is a light one, and the waiter's is heavy,
// late, and made for many at a time: as long as the loop runs it looks at the word itself, and the publisher is not even
// told that somebody waits. Only before the loop parks, which costs more anyhow, it announces all of them and makes the
// heavy fence.

internal import CNexus
public import Synchronization

/// What a wait at a structure that other threads change is to be ended for.
@usableFromInline
@safe package struct WordWatch {
  /// The word whose change ends the wait, and the value with which there is nothing to do.
  @usableFromInline var word: UnsafePointer<Atomic<UInt64>>
  @usableFromInline var expected: UInt64
  /// Another such word: that of the rare events.
  @usableFromInline var second: UnsafePointer<Atomic<UInt64>>
  @usableFromInline var secondExpected: UInt64
  /// Where the waiter's token is to be found by whoever changes the words; nil if it has been stored already.
  @usableFromInline var announcement: UnsafePointer<Atomic<UInt64>>?

  @inlinable
  package init(
    _ word: UnsafePointer<Atomic<UInt64>>, while expected: UInt64,
    and second: UnsafePointer<Atomic<UInt64>>? = nil, while secondExpected: UInt64 = 0,
    announcingIn announcement: UnsafePointer<Atomic<UInt64>>?
  ) {
    unsafe self.word = word
    self.expected = expected
    if let second = unsafe second {
      unsafe self.second = second
      self.secondExpected = secondExpected
    } else {
      unsafe self.second = word
      self.secondExpected = expected
    }
    unsafe self.announcement = announcement
  }

  /// Whether neither word has changed.
  @inline(__always)
  var isQuiet: Bool {
    unsafe word.pointee.load(ordering: .acquiring) == expected
      && second.pointee.load(ordering: .acquiring) == secondExpected
  }

  /// Tells the publishers whom to wake. Release: whoever takes the token sees the armed slot it names.
  func announce(_ token: WakeToken) {
    unsafe announcement?.pointee.store(token.rawValue, ordering: .releasing)
  }
}

extension WakeToken {
  /// Whether this is the token of a wait of this thread's runtime, which then need not be announced to be found.
  @usableFromInline
  package var isOfThisRuntime: Bool {
    unsafe LoopState.ofThisThread.map { loop in unsafe loop.pointee.mailbox == mailbox } ?? false
  }
}

/// Waits that nobody but the loop can be relied on to end yet.
///
/// Invariant: a wait that is armed, was watched, and is not in here any more was announced before a heavy fence, after
/// which its words were seen unchanged; so who changes one from then on finds its token.
@usableFromInline
struct WatchedWords {
  @safe private struct Entry {
    var watch: WordWatch
    var token: WakeToken
    var slot: SlotPointer
    /// The slot's state while the wait lasts.
    var armed: UInt64

    var isWaiting: Bool { unsafe slot.pointee.state.load(ordering: .relaxed) == armed }
  }

  private var entries: [Entry] = []

  @inline(__always) var isEmpty: Bool { entries.isEmpty }
  var count: Int { entries.count }

  init() { entries.reserveCapacity(WatchedWords.most) }

  /// With more than this, a fence is cheaper than looking at them each turn.
  static let most = 32

  mutating func add(_ watch: WordWatch, _ token: WakeToken, _ slot: SlotPointer, armed: UInt64) {
    unsafe entries.append(Entry(watch: watch, token: token, slot: slot, armed: armed))
  }

  /// Takes out what is over, and gives each wait of which a word has changed, as its slot and armed state, to `wake`.
  mutating func check(_ wake: (SlotPointer, UInt64) -> Void) {
    var kept = 0
    for index in entries.indices {
      // Sound: while the wait is armed its task has not run since, or has not called `remove`, so what it waits at
      // still exists.
      let isWaiting = entries[index].isWaiting
      if isWaiting && entries[index].watch.isQuiet {
        entries.swapAt(kept, index)
        kept += 1
      } else if isWaiting {
        unsafe wake(entries[index].slot, entries[index].armed)
      }
    }
    entries.removeLast(entries.count - kept)
  }

  /// Tells the publishers of all. A heavy fence, a check and `forgetAll` must follow.
  func announceAll() {
    for entry in entries where entry.isWaiting { entry.watch.announce(entry.token) }
  }

  /// Takes a slot's entry for a word out. O(entries), and nothing is copied if there is none.
  mutating func remove(_ word: UnsafePointer<Atomic<UInt64>>, of slot: SlotPointer) {
    var index = entries.count - 1
    while index >= 0 {
      if unsafe entries[index].slot == slot && entries[index].watch.word == word {
        entries.swapAt(index, entries.count - 1)
        entries.removeLast()
      }
      index -= 1
    }
  }

  mutating func forgetAll() { entries.removeAll(keepingCapacity: true) }
}
