// The shared part of a broadcast: its lock, its ends, and whom they wake.

import NexusRT
import Synchronization

/// What the ends of one channel share, whatever its values are.
@usableFromInline
@safe final class BroadcastHub: @unchecked Sendable {
  // Unchecked: an atomic, and what is under the lock.

  struct State {
    var ledger: BroadcastLedger
    /// Receivers that wait for a value.
    var readers = Crowd()
    /// Senders that wait for room.
    var writers = Crowd()
  }

  let ends = Atomic<Int>(2)
  let mutex = SpinLock()
  private let state: UnsafeMutablePointer<State>

  @usableFromInline
  init(capacity: Int, waits: Bool) {
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: State(ledger: BroadcastLedger(capacity: capacity, waits: waits)))
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    mutex.lock()
    defer { mutex.unlock() }
    return unsafe body(&state.pointee)
  }

  // MARK: Under the lock, which the caller takes: it moves the values meanwhile

  @usableFromInline func lock() { mutex.lock() }
  @usableFromInline func unlock() { mutex.unlock() }

  @usableFromInline
  func push(isReserved: Bool) -> BroadcastLedger.Push {
    // Who waits comes first.
    if unsafe !isReserved && !state.pointee.writers.queue.isEmpty { return .full }
    return unsafe state.pointee.ledger.push(isReserved: isReserved)
  }

  @usableFromInline
  func pull(_ position: inout UInt64) -> BroadcastLedger.Pull { unsafe state.pointee.ledger.pull(&position) }

  @usableFromInline
  func unlockAndWakeReceivers() {
    var wakes = Wakes()
    unsafe state.pointee.readers.settleAll(into: &wakes)
    mutex.unlock()
    resume(&wakes)
  }

  @usableFromInline
  func unlockAndWakeSenders() {
    var wakes = Wakes()
    unsafe BroadcastHub.serve(&state.pointee, &wakes)
    mutex.unlock()
    resume(&wakes)
  }

  /// Takes the lock and leaves it taken, for the caller to move a value out; without one it gives it back.
  @usableFromInline
  func abandon(_ position: inout UInt64, upTo end: inout UInt64) -> Int? {
    mutex.lock()
    if let index = unsafe state.pointee.ledger.abandon(&position, upTo: end) { return index }
    unlockAndWakeSenders()
    return nil
  }

  /// Promises free places to senders that wait, in order.
  static func serve(_ state: inout State, _ wakes: inout Wakes, claim: (WakeToken) -> Bool = { $0.claim() }) {
    while state.writers.queue.first >= 0 && state.ledger.hasRoom {
      let index = state.writers.queue.first
      let token = state.writers.queue.nodes[index].token
      if claim(token) {
        state.writers.queue.settle(index, Admission.passed)
        state.ledger.reserved += 1
        wakes.append(token, sparing: &state.writers.spare)
      } else {
        state.writers.queue.pass(index)
      }
    }
  }

  private func resume(_ wakes: inout Wakes) {
    wakes.resume()
    guard wakes.count > 1 else { return }
    withLock { state in
      wakes.giveBack(to: &state.readers.spare)
      wakes.giveBack(to: &state.writers.spare)
    }
  }

  // MARK: The ends

  @usableFromInline var receiverCount: Int { withLock { $0.ledger.receivers } }
  @usableFromInline func count(from position: UInt64) -> Int { withLock { Int($0.ledger.tail &- position) } }
  var waiting: Int { withLock { $0.readers.queue.count + $0.writers.queue.count } }

  @usableFromInline
  func addSender() {
    ends.add(1, ordering: .relaxed)
    withLock { $0.ledger.senders += 1 }
  }

  /// A receiver at the end.
  @usableFromInline
  func addReceiver() -> UInt64 {
    ends.add(1, ordering: .relaxed)
    return withLock {
      $0.ledger.receivers += 1
      return $0.ledger.tail
    }
  }

  @usableFromInline
  func addReceiver(at position: UInt64) {
    ends.add(1, ordering: .relaxed)
    withLock { $0.ledger.addReceiver(at: position) }
  }

  @usableFromInline
  func senderLeaves() {
    var wakes = Wakes()
    withLock { state in
      state.ledger.senders -= 1
      if state.ledger.senders == 0 { state.readers.settleAll(into: &wakes) }
    }
    resume(&wakes)
  }

  /// - Returns: The end of what was sent for it.
  @usableFromInline
  func receiverLeaves() -> UInt64 {
    var wakes = Wakes()
    let end = withLock { state in
      state.ledger.receivers -= 1
      if state.ledger.receivers == 0 { state.writers.settleAll(Admission.closed, into: &wakes) }
      return state.ledger.tail
    }
    resume(&wakes)
    return end
  }

  /// An end is done with the channel; true for the last one, which frees the places.
  @usableFromInline
  func isLastEnd() -> Bool { ends.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}
