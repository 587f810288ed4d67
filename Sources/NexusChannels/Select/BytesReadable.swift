// A byte channel's readiness to be received from, as an arm of a select.

internal import LogBuf
public import NexusRT
internal import Synchronization

/// An arm that is ready when a byte channel has a record to receive, or its end to tell. The record itself can not leave a
/// select, since it is borrowed from the receiver: `tryReceive()` then takes it.
///
/// It may be ready for a claim that was dropped, of which `tryReceive()` gives nil: select again then.
@safe
public struct BytesReadable: SelectArm, ~Copyable, ~Escapable {
  // Sound, all: the words are the ring's and the signals the channel's, which the receiver keeps that this borrows; and
  // the length word is that of the next record, since the receiver reads nothing meanwhile.
  private let next: UnsafePointer<Atomic<UInt64>>
  private let ends: UnsafePointer<Atomic<UInt64>>
  private let endsBefore: UInt64
  private let areWritersGone: Bool
  // Opaque: with a class reference in an arm Swift 6.3.1 crashes when it optimises a select.
  private let signals: UnsafeMutableRawPointer
  private var token = WakeToken.none

  @_lifetime(borrow receiver)
  fileprivate init(_ receiver: borrowing BytesReceiver) {
    unsafe next = receiver.reader._nextLengthWord
    unsafe ends = receiver.reader._endsWord
    endsBefore = unsafe ends.pointee.load(ordering: .acquiring)
    areWritersGone = receiver.reader.areWritersGone
    unsafe signals = Unmanaged.passUnretained(receiver.signals).toOpaque()
  }

  /// Whether a record may be there, or senders have come or gone since this was made.
  private var isReady: Bool {
    unsafe areWritersGone || next.pointee.load(ordering: .acquiring) != 0
      || ends.pointee.load(ordering: .acquiring) != endsBefore
  }

  @inline(never)
  @_lifetime(self: copy self)
  public mutating func _attempt() -> Void? { isReady ? () : nil }

  @inline(never)
  @_lifetime(self: copy self)
  public mutating func _register(_ token: WakeToken) -> _ArmStep<Void> {
    if !isReady {
      register(token)
      self.token = token
      if !isReady { return .registered }
      _ = _withdraw()
    }
    return token.retire() ? .won(()) : .lost
  }

  @inline(never)
  @_lifetime(self: copy self)
  public mutating func _withdraw() -> Void? {
    if token != .none {
      clear(token)
      token = .none
    }
    return nil
  }

  @inline(never)
  private func register(_ token: WakeToken) {
    let (next, ends) = unsafe (self.next, self.ends)
    let endsBefore = self.endsBefore
    unsafe channel.receiver.set(token) { announcement in
      unsafe WordWatch(next, while: 0, and: ends, while: endsBefore, announcingIn: announcement)
    }
  }

  @inline(never)
  private func clear(_ token: WakeToken) { unsafe channel.receiver.clear(token, watching: next) }

  private var channel: BytesSignals {
    unsafe Unmanaged<BytesSignals>.fromOpaque(signals).takeUnretainedValue()
  }
}

extension BytesReceiver {
  /// The channel's readiness as an arm of a select: `case .first: while var record = try receiver.tryReceive() { ... }`.
  @_lifetime(&self)
  public mutating func readable() -> BytesReadable {
    // Skips that lie first are passed over: what is there then is a record. Their room is news to waiting senders.
    _ = hasRecord
    // Sound: unbound for one line, and then bound to all of `self`.
    let arm = unsafe _overrideLifetime(BytesReadable(self), copying: ())
    return unsafe _overrideLifetime(arm, mutating: &self)
  }
}
