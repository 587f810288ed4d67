// Those who wait at a channel, first come, first served, each with what it brought or was given.

public import NexusRT

/// A doubly linked list in an array whose places are used again: everything is O(1), it allocates only when more wait than
/// before, and gives the memory of a crowd back once nobody waits.
///
/// A waiter's *node* is made by `append` and lasts until the waiter takes it out with `take`, which it does exactly once,
/// however its wait ends. In between somebody else may unlink it: `settle` when the waiter got what it waits for, `pass`
/// when its wait turned out to be over.
///
/// Invariants: `first` and `last` are `none` exactly while `count` is 0; linked nodes are neither free nor unlinked;
/// `outstanding` nodes are not free. Not thread-safe: a lock or a thread owns it.
@usableFromInline
struct WaitQueue<Load> {
  /// Where a waiter's node is, for as long as the waiter has not taken it.
  @frozen
  @usableFromInline
  struct Place: Sendable {
    @usableFromInline let index: Int
    @inlinable init(_ index: Int) { self.index = index }
  }

  @usableFromInline
  enum Standing: UInt8 {
    case free, linked, passed, settled
  }

  @usableFromInline
  struct Node {
    @usableFromInline var token: WakeToken
    /// What the waiter brought (a sender's value) or was given (a receiver's).
    @usableFromInline var load: Load?
    /// Whether the waiter is a future that was polled: it is not parked in its wait, and is only told.
    @usableFromInline var isFuture: Bool
    @usableFromInline var standing: Standing
    @usableFromInline var previous: Int
    @usableFromInline var next: Int

    @inlinable
    init(token: WakeToken, load: consuming Load?, isFuture: Bool, previous: Int) {
      self.token = token
      self.load = load
      self.isFuture = isFuture
      standing = .linked
      self.previous = previous
      next = -1
    }
  }

  @inlinable static var none: Int { -1 }
  /// As many places are kept when nobody waits.
  @inlinable static var keptPlaces: Int { 64 }

  @usableFromInline var nodes: [Node] = []
  @usableFromInline var free = -1
  @usableFromInline var first = -1
  @usableFromInline var last = -1
  /// Those who wait.
  @usableFromInline var count = 0
  /// Those who have not taken their node yet.
  @usableFromInline var outstanding = 0

  @inlinable init() {}

  @inlinable var isEmpty: Bool { first < 0 }

  /// A node at the end.
  @inlinable
  mutating func append(_ token: WakeToken, _ load: consuming Load?, isFuture: Bool) -> Place {
    let node = Node(token: token, load: load, isFuture: isFuture, previous: last)
    let index: Int
    if free >= 0 {
      index = free
      free = nodes[index].next
      nodes[index] = node
    } else {
      index = nodes.count
      nodes.append(node)
    }
    if last >= 0 { nodes[last].next = index } else { first = index }
    last = index
    count += 1
    outstanding += 1
    return Place(index)
  }

  /// Changes whom to wake.
  @inlinable
  mutating func setToken(_ token: WakeToken, at place: Place) { nodes[place.index].token = token }

  /// The waiter at `index` has what it waited for: `load` is what it is left with.
  @inlinable
  mutating func settle(_ index: Int, _ load: consuming Load?) {
    unlink(index)
    nodes[index].standing = .settled
    nodes[index].load = load
  }

  /// The waiter at `index` is not to be given anything any more: its wait has ended, or is about to.
  @inlinable
  mutating func pass(_ index: Int) {
    unlink(index)
    nodes[index].standing = .passed
  }

  @inlinable
  func isLinked(_ place: Place) -> Bool { nodes[place.index].standing == .linked }

  /// Takes a waiter's node out, linked or not.
  ///
  /// - Returns: Whether it was settled, and its load.
  @inlinable
  mutating func take(_ place: Place) -> (isSettled: Bool, load: Load?) {
    let index = place.index
    let standing = nodes[index].standing
    assert(standing != .free, "a waiter takes its node out once")
    if standing == .linked { unlink(index) }
    let load = nodes[index].load.take()
    nodes[index].standing = .free
    nodes[index].next = free
    free = index
    outstanding -= 1
    if outstanding == 0 && nodes.count > WaitQueue.keptPlaces {
      nodes = []
      free = -1
    }
    return (standing == .settled, load)
  }

  @inlinable
  mutating func unlink(_ index: Int) {
    let previous = nodes[index].previous
    let next = nodes[index].next
    if previous >= 0 { nodes[previous].next = next } else { first = next }
    if next >= 0 { nodes[next].previous = previous } else { last = previous }
    count -= 1
  }
}
