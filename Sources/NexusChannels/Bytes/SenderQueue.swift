// The queue of senders that wait for room: first come, first served. A sender keeps its place until it has claimed or
// gives up, also while it runs to look for room; whoever leaves early is taken out at once.

internal import NexusRT
internal import Synchronization

/// A doubly linked list in an array whose places are used again: it allocates only when more wait than ever before.
///
/// Invariants: `first` and `last` are `none` exactly while `count` is 0; a place in use carries the ticket of its sender,
/// a free one the ticket 0.
struct SenderQueue {
  /// Where a sender stands.
  struct Place: Sendable {
    fileprivate let index: Int
    fileprivate let ticket: UInt64
  }

  private struct Node {
    /// How to wake the sender; nil while it runs, called or not yet waiting.
    var waiter: WakeToken?
    /// Tells this sender from earlier and later ones at the same index.
    var ticket: UInt64
    var previous: Int
    var next: Int
  }

  private static let none = -1
  private var nodes: [Node] = []
  private var free = none
  private var first = none
  private var last = none
  private var nextTicket: UInt64 = 0
  private(set) var count = 0

  /// A place at the end. O(1).
  mutating func join() -> Place {
    nextTicket += 1
    let node = Node(waiter: nil, ticket: nextTicket, previous: last, next: SenderQueue.none)
    let index: Int
    if free != SenderQueue.none {
      index = free
      free = nodes[index].next
      nodes[index] = node
    } else {
      index = nodes.count
      nodes.append(node)
    }
    if last != SenderQueue.none { nodes[last].next = index } else { first = index }
    last = index
    count += 1
    return Place(index: index, ticket: nextTicket)
  }

  /// Says how to wake the sender at `place` from now on; nothing if it is no longer in the queue. O(1).
  mutating func set(_ waiter: WakeToken, at place: Place) {
    if isQueued(place) { nodes[place.index].waiter = waiter }
  }

  /// Whether the sender at `place` is next. Once true it stays true until the sender is taken out. O(1).
  func isFirst(_ place: Place) -> Bool { first == place.index && isQueued(place) }

  /// Takes the sender at `place` out, if that did not happen before. O(1).
  mutating func remove(_ place: Place) {
    if isQueued(place) { unlink(place.index) }
  }

  /// How to wake the first sender, which keeps its place; nil if it has been called already. O(1).
  mutating func callFirst() -> WakeToken? {
    first == SenderQueue.none ? nil : nodes[first].waiter.take()
  }

  /// Takes the first sender out, and tells how to wake it, if it waits. O(1).
  mutating func removeFirst() -> WakeToken? {
    guard first != SenderQueue.none else { return nil }
    let waiter = nodes[first].waiter
    unlink(first)
    return waiter
  }

  private func isQueued(_ place: Place) -> Bool { nodes[place.index].ticket == place.ticket }

  private mutating func unlink(_ index: Int) {
    let node = nodes[index]
    if node.previous != SenderQueue.none { nodes[node.previous].next = node.next } else { first = node.next }
    if node.next != SenderQueue.none {
      nodes[node.next].previous = node.previous
    } else {
      last = node.previous
    }
    nodes[index] = Node(waiter: nil, ticket: 0, previous: SenderQueue.none, next: free)
    free = index
    count -= 1
  }
}
