// The shared part of a watch: its latest value's box, its ends, and whom they wake.

import NexusRT
import Synchronization

/// What the ends of one channel share, whatever its values are.
@usableFromInline
@safe final class WatchedHub: @unchecked Sendable {
  // Unchecked: atomics, and what is under the lock.

  @safe struct State {
    /// The latest value's box.
    var current: UnsafeMutableRawPointer
    var senders = 1
    var receivers = 1
    /// Receivers that wait for a change.
    var changes = Crowd()
    /// Senders that wait until no receiver is left.
    var departures = Crowd()
  }

  /// Two more with each value; the last bit says that all senders are gone. Written under the lock.
  let version = Atomic<UInt64>(0)
  let ends = Atomic<Int>(2)
  /// A box without a value, or 0.
  let spare = Atomic<UInt>(0)
  let state: Locked<State>

  @usableFromInline
  init(_ box: UnsafeMutableRawPointer) { state = unsafe Locked(State(current: box)) }

  @usableFromInline var seenVersion: UInt64 { version.load(ordering: .acquiring) & ~1 }
  @usableFromInline var isClosed: Bool { version.load(ordering: .acquiring) & 1 != 0 }
  @usableFromInline var receiverCount: Int { state.withLock { $0.receivers } }
  var waiting: Int { state.withLock { $0.changes.queue.count + $0.departures.queue.count } }

  // MARK: The value

  /// The latest value's box, with a reference for the caller.
  @usableFromInline
  func pin() -> (box: UnsafeMutableRawPointer, version: UInt64) {
    unsafe state.withLock { state in
      unsafe BoxCount.add(state.current)
      return unsafe (state.current, version.load(ordering: .relaxed) & ~1)
    }
  }

  /// Makes `box` the latest, if `expected` is the version still.
  ///
  /// - Returns: The box before, with the reference that the channel had; nil if nothing was published.
  @usableFromInline
  func publish(_ box: UnsafeMutableRawPointer, after expected: UInt64?) -> UnsafeMutableRawPointer? {
    var wakes = Wakes()
    let old = unsafe state.withLock { state -> UnsafeMutableRawPointer? in
      let now = version.load(ordering: .relaxed)
      if let expected, now & ~1 != expected { return nil }
      let old = unsafe state.current
      unsafe state.current = unsafe box
      version.store(now &+ 2, ordering: .releasing)
      state.changes.settleAll(into: &wakes)
      return unsafe old
    }
    resume(&wakes)
    return unsafe old
  }

  @usableFromInline
  func takeSpare() -> UnsafeMutableRawPointer? {
    if spare.load(ordering: .relaxed) == 0 { return nil }
    return unsafe UnsafeMutableRawPointer(bitPattern: spare.exchange(0, ordering: .acquiring))
  }

  /// - Returns: A box that is one too many.
  @usableFromInline
  func giveSpare(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    unsafe UnsafeMutableRawPointer(
      bitPattern: spare.exchange(UInt(bitPattern: box), ordering: .acquiringAndReleasing))
  }

  // MARK: The ends

  @usableFromInline
  func addSender() {
    ends.add(1, ordering: .relaxed)
    state.withLock { $0.senders += 1 }
  }

  /// - Returns: The version.
  @usableFromInline
  func addReceiver() -> UInt64 {
    ends.add(1, ordering: .relaxed)
    return state.withLock { state in
      state.receivers += 1
      return version.load(ordering: .relaxed) & ~1
    }
  }

  @usableFromInline
  func senderLeaves() {
    var wakes = Wakes()
    state.withLock { state in
      state.senders -= 1
      guard state.senders == 0 else { return }
      version.bitwiseOr(1, ordering: .releasing)
      state.changes.settleAll(into: &wakes)
    }
    resume(&wakes)
  }

  @usableFromInline
  func receiverLeaves() {
    var wakes = Wakes()
    state.withLock { state in
      state.receivers -= 1
      if state.receivers == 0 { state.departures.settleAll(into: &wakes) }
    }
    resume(&wakes)
  }

  /// An end is done with the channel; true for the last one, which frees the boxes.
  @usableFromInline
  func isLastEnd() -> Bool { ends.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

  @usableFromInline
  func abandonBoxes() -> (current: UnsafeMutableRawPointer, spare: UnsafeMutableRawPointer?) {
    unsafe state.withLock { unsafe ($0.current, takeSpare()) }
  }

  private func resume(_ wakes: inout Wakes) {
    wakes.resume()
    guard wakes.count > 1 else { return }
    state.withLock { state in
      wakes.giveBack(to: &state.changes.spare)
      wakes.giveBack(to: &state.departures.spare)
    }
  }
}
