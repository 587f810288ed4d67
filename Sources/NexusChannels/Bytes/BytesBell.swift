// Where the one waiter of a side of a byte channel is found by the other side.

internal import NexusRT
public import Synchronization

/// The token of one wait: at once for those on the waiter's own thread, for others once its loop has announced it.
///
/// Tasks of one runtime wake each other directly. A publisher on another thread that finds the wait before it was announced
/// need not do anything: the waiter's loop still looks at the ring itself, and sees what was published before it stops to
/// (see BytesSignals).
@usableFromInline
struct BytesBell: ~Copyable, Sendable {
  /// The token of the wait; 0 while nobody waits. Whoever exchanges it for 0 wakes.
  @usableFromInline let token = Atomic<UInt64>(0)
  /// The token again, after it was announced to other threads. Whatever else is here is out of date.
  private let announced = Atomic<UInt64>(0)

  @inlinable init() {}

  /// Whether somebody waits, or has just ceased to.
  @inlinable
  var isSet: Bool {
    @inline(__always) get { token.load(ordering: .relaxed) != 0 }
  }

  /// Registers a wait until a word of `watch` changes; a last look at what it waits for must follow.
  ///
  /// - Parameter watch: Makes the watch that announces in the word it is given.
  func set(_ waiter: WakeToken, _ watch: (UnsafePointer<Atomic<UInt64>>) -> WordWatch) {
    // Before `announced`: whoever finds it there finds it here too.
    token.store(waiter.rawValue, ordering: .releasing)
    // Sound: an atomic never moves out of the object it is in, and the waiter holds that until its wait is over.
    unsafe waiter.watch(watch(withUnsafePointer(to: announced) { unsafe $0 }))
  }

  /// Takes a wait back, whether or not it was woken: nothing of it is left when this returns.
  ///
  /// Also its watch, which would be dropped by itself at the loop's next turn: of tasks that wake each other there would be
  /// many until then.
  func clear(_ waiter: WakeToken, watching word: UnsafePointer<Atomic<UInt64>>) {
    if token.load(ordering: .relaxed) == waiter.rawValue { token.store(0, ordering: .relaxed) }
    unsafe waiter.unwatch(word)
  }

  /// Wakes whoever waits, if its loop does not look at the ring itself.
  @usableFromInline @inline(never)
  func ring() {
    let waiting = token.load(ordering: .acquiring)
    guard waiting != 0 else { return }
    let waiter = unsafe WakeToken(uncheckedRawValue: waiting)
    // Acquire: pairs with the release of the announcement, which the armed slot was before.
    guard waiter.isOfThisRuntime || announced.load(ordering: .acquiring) == waiting else { return }
    wake(waiter)
  }

  /// Wakes whoever waits, announced or not: for events that change no watched word.
  @usableFromInline
  func ringAnyway() {
    let waiting = token.load(ordering: .acquiring)
    if waiting != 0 { wake(unsafe WakeToken(uncheckedRawValue: waiting)) }
  }

  /// Each wait is woken once; a token that is out of date by now wakes nobody.
  private func wake(_ waiter: WakeToken) {
    let isMine = token.compareExchange(
      expected: waiter.rawValue, desired: 0, ordering: .acquiringAndReleasing
    ).exchanged
    if isMine { waiter.wake() }
  }
}
