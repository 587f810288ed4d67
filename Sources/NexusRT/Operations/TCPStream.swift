// One TCP connection.

internal import CURing
internal import Glibc

/// A TCP connection with one owner, closed when that goes.
public struct TCPStream: ~Copyable {
  /// The descriptor, for system calls this type does not offer.
  public let descriptor: Int32

  /// Takes a connected socket over.
  public init(owning descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = close(descriptor) }

  /// Receives bytes into the front of `buffer`, as many as are there, at least one.
  ///
  /// - Returns: How many; 0 once the peer has closed its side.
  /// - Throws: `IOError`. When the task is cancelled this returns once the kernel has let go of the buffer; bytes
  ///   that had arrived are returned and none is lost.
  nonisolated(nonsending) public borrowing func receive(
    into buffer: inout MutableRawSpan
  ) async throws(IOError) -> Int {
    let descriptor = self.descriptor
    // Sound: the caller's exclusive access to the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe buffer.withUnsafeMutableBytes { ($0.baseAddress, $0.count) }
    return unsafe try await Operation.perform("receive") { entry in
      unsafe curing_prep_receive(entry, descriptor, start, count, 0)
    }
  }
}
