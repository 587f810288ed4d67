// What must be true of a ring whenever no end is in the middle of something. Checked in debug builds when a ring is
// made and when it is freed, and by the tests wherever they stand still; compiled to nothing in release builds.

import Synchronization

extension _RingHandle {
  /// Traps when the ring's memory contradicts `RingDescriptor.swift`. Only for moments when no other thread uses the
  /// ring and no claim is alive.
  ///
  /// - Complexity: O(capacity).
  @usableFromInline
  func _checkInvariants() {
    #if DEBUG
      let head = unsafe self.head.pointee.load(ordering: .acquiring)
      let tail = unsafe self.tail.pointee.load(ordering: .relaxed)
      precondition(capacity & mask == 0, "the capacity is a power of two")
      precondition(head.rawValue % 8 == 0 && tail.rawValue % 8 == 0, "positions are multiples of eight")
      precondition((0...capacity).contains(head.distance(to: tail)), "head <= tail <= head + capacity")

      var position = head
      while position != tail {
        let word = unsafe Self.lengthWord(of: record(at: position)).pointee.load(ordering: .acquiring)
        precondition(word != _Record.uncommitted, "nothing in use is uncommitted once every claim has ended")
        let extent = _Record.isSkip(word) ? _Record.skipExtent(word) : _Record.extent(of: word)
        precondition(
          extent >= 8 && extent % 8 == 0 && (position.rawValue & mask) + extent <= capacity,
          "a record lies inside the ring")
        position = position.advanced(by: extent)
        precondition(position.distance(to: tail) >= 0, "records end where the tail is")
      }
      let free = head.advanced(by: capacity)
      while position != free {
        let word = unsafe record(at: position).load(as: UInt64.self)
        precondition(word == 0, "free bytes are zero")
        position = position.advanced(by: 8)
      }
    #endif
  }
}
