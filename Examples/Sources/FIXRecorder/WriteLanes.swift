internal import NexusRT

/// The buffers of the archive's writes: one is being filled while the others are on their way to the disk.
///
/// Buffers are lent in turn, so the one waited for is the one whose write began first.
final class WriteLanes {
  private final class Lane {
    var buffer: IOBuffer?
    var write: JoinHandle<Void>?
    init(_ buffer: consuming IOBuffer) { self.buffer = buffer }
  }

  private let lanes: [Lane]
  private var next = 0

  /// - Parameters:
  ///   - count: buffers; one less is the number of writes in flight at most.
  ///   - size: bytes of each.
  init(count: Int, size: Int) {
    lanes = (0..<count).map { _ in Lane(IOBuffer(count: size)) }
  }

  /// Whether the next buffer is there to be taken.
  var hasFree: Bool { lanes[next].buffer != nil }

  /// Takes the next buffer, which must be there.
  func takeFree() -> IOBuffer { lanes[next].buffer.take()! }

  /// Waits for the next buffer and takes it.
  nonisolated(nonsending) func take() async throws -> IOBuffer {
    let lane = lanes[next]
    while lane.buffer == nil {
      guard let write = lane.write.take() else { preconditionFailure("a buffer was taken and not given back") }
      try await write.value()
    }
    return lane.buffer.take()!
  }

  /// Gives the buffer that was taken to a task that `write`s it; it is free again when that ends.
  func lend(
    _ buffer: consuming IOBuffer,
    _ write: nonisolated(nonsending) @escaping (borrowing IOBuffer) async -> Void
  ) {
    let lane = lanes[next]
    next = (next + 1) % lanes.count
    lane.write = spawnBoxed(buffer) { buffer in
      let buffer = buffer
      await write(buffer)
      lane.buffer = consume buffer
    }
  }

  /// Gives the buffer that was taken back, unwritten.
  func giveBack(_ buffer: consuming IOBuffer) { lanes[next].buffer = consume buffer }

  /// Waits until no write is in flight.
  nonisolated(nonsending) func settle() async throws {
    for lane in lanes {
      if let write = lane.write.take() { try await write.value() }
    }
  }
}
