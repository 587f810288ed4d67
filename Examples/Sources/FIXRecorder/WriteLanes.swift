internal import NexusRT

/// The buffers of the archive's writes: one is being filled while the others are on their way to the disk.
///
/// Buffers go round in turn, so the one that is waited for is the one whose write began first.
final class WriteLanes {
  private final class Lane {
    var buffer: IOBuffer?
    var write: JoinHandle<Void>?
    init(_ buffer: consuming IOBuffer) { self.buffer = consume buffer }
  }

  private let lanes: [Lane]
  // The lane whose buffer is taken, or to be taken.
  private var current = 0
  /// Called each time a buffer came back from its write.
  var didComeBack: () -> Void = {}

  /// - Parameters:
  ///   - count: buffers; one less is the number of writes in flight at most.
  ///   - size: bytes of each.
  init(count: Int, size: Int) {
    lanes = (0..<count).map { _ in Lane(IOBuffer(count: size)) }
  }

  /// Whether the buffer behind the current one is there to be taken.
  var isNextFree: Bool { lanes[(current + 1) % lanes.count].buffer != nil }

  /// Takes the current buffer, which must be there.
  func takeFree() -> IOBuffer { lanes[current].buffer.take()! }

  /// Waits for the current buffer and takes it.
  nonisolated(nonsending) func take() async throws -> IOBuffer {
    let lane = lanes[current]
    while lane.buffer == nil {
      guard let write = lane.write.take() else {
        preconditionFailure("a buffer was taken and not given back")
      }
      try await write.value()
    }
    return lane.buffer.take()!
  }

  /// Gives the buffer that was taken back, unwritten.
  func giveBack(_ buffer: consuming IOBuffer) { lanes[current].buffer = consume buffer }

  /// Moves the buffer that was taken into a task that runs `write`, and goes on to the next.
  func lend(
    _ buffer: consuming IOBuffer,
    _ write: nonisolated(nonsending) @escaping (borrowing IOBuffer) async -> Void
  ) {
    let lane = lanes[current]
    current = (current + 1) % lanes.count
    lane.write = spawnBoxed(buffer) { buffer in
      let buffer = buffer
      await write(buffer)
      lane.buffer = consume buffer
      self.didComeBack()
    }
  }

  /// Waits until no write is in flight.
  nonisolated(nonsending) func settle() async throws {
    for lane in lanes {
      if let write = lane.write.take() { try await write.value() }
    }
  }
}

extension IOBuffer {
  /// Calls `body` with the buffer's memory, which must not leave it.
  @unsafe
  mutating func withMemory<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    var bytes = mutableBytes
    return unsafe bytes.withUnsafeMutableBytes { unsafe body($0) }
  }
}
