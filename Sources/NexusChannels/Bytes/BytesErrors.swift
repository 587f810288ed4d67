// Why a byte channel did not give what was asked for. For the receiver see `ReceiveError`, which all channels share.

/// Why no room was claimed.
@frozen
public enum BytesClaimError: Error, Equatable, Sendable {
  /// There is no room now, or others wait for it: it is theirs first. Only what does not wait throws this.
  case full
  /// The receiver is gone.
  case closed
  /// The task, or a cancel scope it is in, was cancelled before or while this waited.
  case cancelled
  /// The deadline came first.
  case timedOut
  /// No record of this size fits this channel; the largest that does has `limit` bytes.
  case tooLarge(limit: Int)
}
