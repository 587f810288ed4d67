// Receiving and sending on a connection, for the whole stream and for its halves.

internal import CURing
internal import Glibc

/// What receives the bytes of a connection: a `TCPStream` or its `TCPReceiver`.
///
/// What waits must be called in a task of a runtime, and traps elsewhere. When the task, or a scope around it, is cancelled while
/// it waits, the operation is cancelled in the kernel, and this returns once the kernel has let go of the buffer:
/// bytes that had been received by then are returned, and none is lost.
public protocol ByteReceiving: Socket, ~Copyable {}

extension ByteReceiving where Self: ~Copyable {
  /// Receives bytes into the front of `buffer`, as many as are there, at least one.
  ///
  /// - Parameter buffer: Not empty: 0 bytes would look like the end.
  /// - Returns: How many; 0 once the peer has closed its side.
  /// - Throws: `IOError`: `ECONNRESET` if the peer broke the connection off; `isCancelled` if nothing was received.
  nonisolated(nonsending) public func receive(into buffer: inout MutableRawSpan) async throws(IOError) -> Int
  {
    try await StreamBytes.receive(descriptor, into: &buffer, from: 0, "receive", 0)
  }

  /// As `receive(into:)`, and leaves the bytes where they are: the next receive gives them again.
  nonisolated(nonsending) public func peek(into buffer: inout MutableRawSpan) async throws(IOError) -> Int {
    try await StreamBytes.receive(descriptor, into: &buffer, from: 0, "peek", Int32(MSG_PEEK))
  }

  /// Receives until `buffer` is full.
  ///
  /// - Returns: How many bytes were received: fewer than fit only if the peer closed its side.
  /// - Throws: `IOError` as `receive(into:)` does, but a part may have been received: where that can go on take
  ///   `receiveAll(into:received:)`.
  nonisolated(nonsending) public func receiveAll(into buffer: inout MutableRawSpan) async throws(IOError)
    -> Int
  {
    var received = 0
    _ = try await receiveAll(into: &buffer, received: &received)
    return received
  }

  /// Receives until `buffer` is full, and counts on the way: after an error, such as the end of a time limit, the same call goes on
  /// where this one stopped.
  ///
  /// - Parameter received: How much of the buffer's front is received already.
  /// - Returns: Whether the buffer is full: if not, the peer has closed its side.
  nonisolated(nonsending) public func receiveAll(
    into buffer: inout MutableRawSpan, received: inout Int
  ) async throws(IOError) -> Bool {
    require(
      0...buffer.byteCount ~= received,
      "NexusRT: receiveAll was told that \(received) of \(buffer.byteCount) bytes were received: give 0 at first, and the same variable to go on"
    )
    while received < buffer.byteCount {
      let count = try await StreamBytes.receive(descriptor, into: &buffer, from: received, "receive", 0)
      if count == 0 { return false }
      received += count
    }
    return true
  }

  /// Receives what is there, without waiting. One system call; works on every thread.
  ///
  /// - Returns: nil if nothing is; 0 once the peer has closed its side.
  public func tryReceive(into buffer: inout MutableRawSpan) throws(IOError) -> Int? {
    try StreamBytes.tryReceive(descriptor, into: &buffer, "tryReceive", 0)
  }

  /// As `tryReceive(into:)`, and leaves the bytes where they are.
  public func tryPeek(into buffer: inout MutableRawSpan) throws(IOError) -> Int? {
    try StreamBytes.tryReceive(descriptor, into: &buffer, "tryPeek", Int32(MSG_PEEK))
  }
}

/// What sends the bytes of a connection: a `TCPStream` or its `TCPSender`.
///
/// What waits must be called in a task of a runtime, and traps elsewhere. Nothing here raises SIGPIPE. Cancellation as in
/// `ByteReceiving`: bytes that the kernel had taken by then count as sent.
public protocol ByteSending: Socket, ~Copyable {}

extension ByteSending where Self: ~Copyable {
  /// Sends bytes from the front of `bytes`, as many as the kernel takes, and waits until it takes some.
  ///
  /// - Returns: How many were taken, which may be fewer than given: see `sendAll`.
  /// - Throws: `IOError`: `EPIPE` or `ECONNRESET` if the peer is gone; `isCancelled` if nothing was sent.
  nonisolated(nonsending) public func send(_ bytes: RawSpan) async throws(IOError) -> Int {
    try await StreamBytes.send(descriptor, bytes, from: 0)
  }

  /// Sends all of `bytes`, however many sends that takes.
  ///
  /// - Throws: `IOError` as `send` does, but a part may have been sent: where that can go on take `sendAll(_:sent:)`.
  nonisolated(nonsending) public func sendAll(_ bytes: RawSpan) async throws(IOError) {
    var sent = 0
    try await sendAll(bytes, sent: &sent)
  }

  /// Sends all of `bytes`, and counts on the way: after an error, such as the end of a time limit, the same call goes on where this
  /// one stopped.
  ///
  /// - Parameter sent: How many bytes of the front are sent already.
  nonisolated(nonsending) public func sendAll(_ bytes: RawSpan, sent: inout Int) async throws(IOError) {
    require(
      0...bytes.byteCount ~= sent,
      "NexusRT: sendAll was told that \(sent) of \(bytes.byteCount) bytes were sent: give 0 at first, and the same variable to go on"
    )
    while sent < bytes.byteCount {
      sent += try await StreamBytes.send(descriptor, bytes, from: sent)
    }
  }

  /// Sends what the kernel takes without waiting. One system call; works on every thread.
  ///
  /// - Returns: nil if it takes nothing now.
  public func trySend(_ bytes: RawSpan) throws(IOError) -> Int? {
    let descriptor = descriptor
    return try SystemSocket.attempt("trySend") {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, dontWait) }
    }
  }
}

/// For the sends of a call that does not wait.
let dontWait = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)

enum StreamBytes {
  nonisolated(nonsending) static func receive(
    _ descriptor: Int32, into buffer: inout MutableRawSpan, from offset: Int, _ name: StaticString,
    _ flags: Int32
  ) async throws(IOError) -> Int {
    requireRoom(buffer.byteCount)
    // Sound: the caller's exclusive access to the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe buffer.withUnsafeMutableBytes {
      unsafe ($0.baseAddress.unsafelyUnwrapped + offset, $0.count - offset)
    }
    return unsafe try await Operation.perform(name) { entry in
      unsafe curing_prep_receive(entry, descriptor, start, clampedToTransfer(count), flags)
    }
  }

  static func tryReceive(
    _ descriptor: Int32, into buffer: inout MutableRawSpan, _ name: StaticString, _ flags: Int32
  ) throws(IOError) -> Int? {
    requireRoom(buffer.byteCount)
    let flags = flags | Int32(MSG_DONTWAIT)
    let (start, count) = unsafe buffer.withUnsafeMutableBytes { ($0.baseAddress, $0.count) }
    // Sound: the call is over before this function, and so the caller's exclusive access to the bytes.
    return try SystemSocket.attempt(name) { unsafe Glibc.recv(descriptor, start, count, flags) }
  }

  nonisolated(nonsending) static func send(
    _ descriptor: Int32, _ bytes: RawSpan, from offset: Int
  ) async throws(IOError) -> Int {
    // Sound: the caller's borrow of the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe bytes.withUnsafeBytes {
      unsafe ($0.baseAddress.map { unsafe $0 + offset }, $0.count - offset)
    }
    return unsafe try await Operation.perform("send") { entry in
      unsafe curing_prep_send(entry, descriptor, start, clampedToTransfer(count), Int32(MSG_NOSIGNAL))
    }
  }

  private static func requireRoom(_ count: Int) {
    require(
      count > 0,
      "NexusRT: a receive needs a buffer of at least one byte: 0 received bytes mean that the peer has closed its side"
    )
  }
}

/// The kernel moves at most 2 GiB less a page at a time.
func clampedToTransfer(_ count: Int) -> Int { min(count, 0x7FFF_F000) }
