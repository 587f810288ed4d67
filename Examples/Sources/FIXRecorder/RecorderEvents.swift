/// What is safe on the disk: everything a completed sync covers.
public struct DurableCount: Sendable, Equatable {
  /// Messages of this run.
  public var messages = 0
  /// Their bytes.
  public var bytes = 0

  public init() {}
}

/// How far a recorder is.
public struct RecorderProgress: Sendable {
  /// Since the run began.
  public var elapsed: Duration
  /// Messages and bytes that the archive's task has taken.
  public var messages: Int
  public var bytes: Int
  /// What of that is synced.
  public var durable: DurableCount
  /// Faults in the input, and their bytes.
  public var rejects: Int
  public var rejectedBytes: Int
  /// How full the ring is, 0 ... 1.
  public var ringFill: Double
}

/// What a recorder tells while it runs, on the thread that runs it. Each must return soon: the archive waits.
public struct RecorderEvents {
  /// After every completed sync.
  public var didSync: (DurableCount) -> Void = { _ in }
  /// Every `progressInterval`.
  public var progress: (RecorderProgress) -> Void = { _ in }
  /// Once a second-rate event happened that its owner may want to know: a repair, a connection, a lost peer.
  public var note: (String) -> Void = { _ in }
  /// Connections are accepted on this port from now on.
  public var isListening: (UInt16) -> Void = { _ in }

  public init() {}
}

/// Why a run ended early. What was synced before is in the archive, which `verify` finds sound.
public enum RecorderError: Error, Sendable, CustomStringConvertible {
  /// The input cannot be read.
  case input(String, reason: String)
  /// The address cannot be listened on.
  case listen(String, reason: String)
  /// The archive cannot be written.
  case archive(path: String, reason: String)
  /// A system call of the recorder itself failed.
  case system(String)

  public var description: String {
    switch self {
    case .input(let name, let reason): "cannot read \(name): \(reason)"
    case .listen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .archive(let path, let reason):
      "cannot write the archive: \(reason) (\(path)). What was reported synced is safe; put the cause right and "
        + "start again: the recorder goes on behind the last good record."
    case .system(let what): what
    }
  }
}
