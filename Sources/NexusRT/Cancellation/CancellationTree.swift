// The nodes of a tree of cancellation tokens, and the one lock that guards all of them.
//
// A token keeps its parent alive, and the parent knows its children by pointer alone. So a child that goes takes its node
// out of the parent's list in O(1), and a parent whose own handle is gone still passes cancellation on.

internal import Synchronization

/// What a tree knows of one token. The links and the waiters are guarded by the tree's lock.
@safe struct CancellationNode: ~Copyable {
  var waiters = WaiterList()
  var parent: CancellationNodePointer?
  var firstChild: CancellationNodePointer?
  var previous: CancellationNodePointer?
  var next: CancellationNodePointer?

  private init() {
    unsafe parent = nil
    unsafe firstChild = nil
    unsafe previous = nil
    unsafe next = nil
  }

  private static let offset = MemoryLayout<UInt64>.size

  /// Whether the node is cancelled: set once, under the lock, and read without it. In front of the node and not in it, since
  /// what is in it is touched under the lock alone.
  static func flag(of node: CancellationNodePointer) -> UnsafeMutablePointer<Atomic<Bool>> {
    // Sound: `make` put it there.
    unsafe (UnsafeMutableRawPointer(node) - offset).assumingMemoryBound(to: Atomic<Bool>.self)
  }

  /// A node that is not cancelled and not linked, with its flag in one block of memory.
  static func make() -> CancellationNodePointer {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: offset + MemoryLayout<CancellationNode>.size, alignment: 8)
    let flag = unsafe block.bindMemory(to: Atomic<Bool>.self, capacity: 1)
    unsafe flag.initialize(to: Atomic(false))
    let node = unsafe (block + offset).bindMemory(to: CancellationNode.self, capacity: 1)
    unsafe node.initialize(to: CancellationNode())
    return unsafe node
  }

  /// Only of a node that is not linked.
  static func free(_ node: CancellationNodePointer) {
    let flag = unsafe flag(of: node)
    unsafe node.deinitialize(count: 1)
    unsafe flag.deinitialize(count: 1)
    unsafe UnsafeMutableRawPointer(flag).deallocate()
  }
}

typealias CancellationNodePointer = UnsafeMutablePointer<CancellationNode>

/// A tree's lock and what is done under it. Every node that is linked is valid: its token takes it out, under the lock,
/// before it frees it.
final class CancellationTree: Sendable {
  private let lock = Guarded(())

  /// A node below `parent`, cancelled if that is; linked only if it is not.
  func makeChild(of parent: CancellationNodePointer) -> CancellationNodePointer {
    let child = unsafe CancellationNode.make()
    lock.withLock { _ in
      if unsafe CancellationNode.flag(of: parent).pointee.load(ordering: .relaxed) {
        unsafe CancellationNode.flag(of: child).pointee.store(true, ordering: .releasing)
        return
      }
      unsafe child.pointee.parent = parent
      unsafe child.pointee.next = parent.pointee.firstChild
      unsafe parent.pointee.firstChild?.pointee.previous = child
      unsafe parent.pointee.firstChild = child
    }
    return unsafe child
  }

  /// Takes a node without children out of the tree. O(1).
  func unlink(_ node: CancellationNodePointer) {
    lock.withLock { _ in
      unsafe assert(node.pointee.firstChild == nil && node.pointee.waiters.isEmpty)
      guard let parent = unsafe node.pointee.parent else { return }
      if let previous = unsafe node.pointee.previous {
        unsafe previous.pointee.next = node.pointee.next
      } else {
        unsafe parent.pointee.firstChild = node.pointee.next
      }
      unsafe node.pointee.next?.pointee.previous = node.pointee.previous
      unsafe node.pointee.parent = nil
    }
  }

  /// Registers `waiter`, unless the node is cancelled: then nil.
  func register(_ waiter: Waiter, at node: CancellationNodePointer) -> Int32? {
    lock.withLock { _ in
      if unsafe CancellationNode.flag(of: node).pointee.load(ordering: .relaxed) { return nil }
      return unsafe node.pointee.waiters.append(waiter)
    }
  }

  /// Takes a registration back. O(1).
  ///
  /// - Returns: false if the node was cancelled: then the waiter was told, or is about to be.
  @discardableResult
  func unregister(_ place: Int32, at node: CancellationNodePointer) -> Bool {
    lock.withLock { _ in
      if unsafe CancellationNode.flag(of: node).pointee.load(ordering: .relaxed) { return false }
      unsafe node.pointee.waiters.remove(place)
      return true
    }
  }

  /// Cancels a node and all below it, and tells those who wait, outside of the lock. O(nodes below + waiters).
  func cancel(_ root: CancellationNodePointer) {
    var waiters: [Waiter] = []
    lock.withLock { _ in
      var node = unsafe root
      while true {
        // Below a cancelled node everything is.
        if unsafe !CancellationNode.flag(of: node).pointee.load(ordering: .relaxed) {
          // Release: who sees it sees what was written before the cancellation.
          unsafe CancellationNode.flag(of: node).pointee.store(true, ordering: .releasing)
          unsafe node.pointee.waiters.takeAll(into: &waiters)
          if let child = unsafe node.pointee.firstChild {
            unsafe node = child
            continue
          }
        }
        while unsafe node != root && node.pointee.next == nil { unsafe node = node.pointee.parent! }
        if unsafe node == root { break }
        unsafe node = node.pointee.next!
      }
    }
    for waiter in waiters { waiter.tell() }
  }
}
