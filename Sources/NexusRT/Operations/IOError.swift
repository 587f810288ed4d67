// What an operation of the kernel ended with, if not well.

internal import Glibc

/// A failed operation: which, and the kernel's reason.
public struct IOError: Error, Equatable, Hashable, CustomStringConvertible {
  /// What was attempted: "open", "read", "accept", ...
  public let operation: String
  /// The kernel's error number, positive (`ENOENT`, ...).
  public let code: Int32

  public init(operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// Whether the operation ended because its task was cancelled; it had no effect then (a connect may
  /// have had one on the peer).
  public var isCancelled: Bool { code == ECANCELED }

  public var description: String {
    isCancelled ? "\(operation) was cancelled" : "\(operation) failed: \(describe(errno: code))"
  }
}
