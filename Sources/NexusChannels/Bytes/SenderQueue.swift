// The queue of senders that wait for room: first come, first served; whoever leaves early is taken out at once.

internal import NexusRT
internal import Synchronization

/// A doubly linked list in an array whose places are used again: it allocates only when more wait than ever before.
///
/// Invariants: `first` and `last` are `none` exactly while `count` is 0; a place in use carries the ticket of its waiter.
struct SenderQueue {
  /// How a waiter is woken.
  enum Waiter: Sendable {
    case task(WakeToken)
    case thread(ThreadParking.Word)
  }

  /// Where a waiter stands, and whether nobody stood before it when it came.
  struct Place: Sendable {
    fileprivate let index: Int
    fileprivate let ticket: UInt64
    let isFirst: Bool
  }

  private struct Node {
    var waiter: Waiter?
    /// Tells this waiter from later ones at the same index.
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

  /// O(1).
  mutating func insert(_ waiter: Waiter, atFront: Bool) -> Place {
    let isFirst = atFront || count == 0
    nextTicket += 1
    let node = Node(
      waiter: waiter, ticket: nextTicket, previous: isFirst ? SenderQueue.none : last,
      next: isFirst ? first : SenderQueue.none)
    let index: Int
    if free != SenderQueue.none {
      index = free
      free = nodes[index].next
      nodes[index] = node
    } else {
      index = nodes.count
      nodes.append(node)
    }
    if node.previous != SenderQueue.none { nodes[node.previous].next = index } else { first = index }
    if node.next != SenderQueue.none { nodes[node.next].previous = index } else { last = index }
    count += 1
    return Place(index: index, ticket: nextTicket, isFirst: isFirst)
  }

  /// Takes a waiter out; false if that happened before. O(1).
  mutating func remove(_ place: Place) -> Bool {
    guard nodes[place.index].ticket == place.ticket, nodes[place.index].waiter != nil else { return false }
    unlink(place.index)
    return true
  }

  /// Takes the first waiter out. O(1).
  mutating func removeFirst() -> Waiter? {
    guard first != SenderQueue.none else { return nil }
    let waiter = nodes[first].waiter
    unlink(first)
    return waiter
  }

  private mutating func unlink(_ index: Int) {
    let node = nodes[index]
    if node.previous != SenderQueue.none { nodes[node.previous].next = node.next } else { first = node.next }
    if node.next != SenderQueue.none { nodes[node.next].previous = node.previous } else { last = node.previous }
    nodes[index].waiter = nil
    nodes[index].next = free
    free = index
    count -= 1
  }
}
