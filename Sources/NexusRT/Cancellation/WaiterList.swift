// Those who wait for one event that comes once: registered and taken back in O(1).

/// Who is to be told.
enum Waiter {
  /// A task or thread that waits.
  case wait(WakeToken)
  /// A cancel scope that is to be cancelled.
  case scope(ScopeLink)

  /// Any thread, outside of all locks.
  func tell() {
    switch self {
    case .wait(let token): token.wake()
    case .scope(let link): link.fire()
    }
  }
}

/// A doubly linked list in an array whose places are used again: it allocates only when more wait than ever before.
///
/// Not thread-safe: a lock guards it. A place is taken back once, by who registered, unless `takeAll` was called meanwhile.
struct WaiterList {
  private struct Node {
    /// Nil while the place is free.
    var waiter: Waiter?
    var previous: Int32
    var next: Int32
  }

  private static let none: Int32 = -1
  private var nodes: [Node] = []
  private var free = none
  private var first = none
  private var last = none

  var isEmpty: Bool { first == WaiterList.none }

  /// - Returns: The place to give to `remove`.
  mutating func append(_ waiter: Waiter) -> Int32 {
    let node = Node(waiter: waiter, previous: last, next: WaiterList.none)
    let place: Int32
    if free != WaiterList.none {
      place = free
      free = nodes[Int(place)].next
      nodes[Int(place)] = node
    } else {
      place = Int32(nodes.count)
      nodes.append(node)
    }
    if last == WaiterList.none { first = place } else { nodes[Int(last)].next = place }
    last = place
    return place
  }

  mutating func remove(_ place: Int32) {
    let node = nodes[Int(place)]
    assert(node.waiter != nil, "a waiter is taken back once")
    if node.previous == WaiterList.none {
      first = node.next
    } else {
      nodes[Int(node.previous)].next = node.next
    }
    if node.next == WaiterList.none {
      last = node.previous
    } else {
      nodes[Int(node.next)].previous = node.previous
    }
    nodes[Int(place)] = Node(waiter: nil, previous: WaiterList.none, next: free)
    free = place
  }

  /// Moves all waiters to the end of `others`, those who came first in front. No place of theirs is valid any more.
  mutating func takeAll(into others: inout [Waiter]) {
    var place = first
    while place != WaiterList.none {
      others.append(nodes[Int(place)].waiter!)
      place = nodes[Int(place)].next
    }
    self = WaiterList()
  }
}
