internal import FIXWire
internal import NexusChannels
internal import NexusRT

/// Reads, frames and sends one stream, standard input or a connection, as a task of the runtime.
///
/// Each stream has a buffer of twice the largest message, or of 512 KiB where that is more.
struct StreamProducer: ~Copyable {
  let input: InterruptibleInput
  /// What the input is called in messages, and its number in the reject file.
  let name: String
  let number: UInt64
  let maximumMessageLength: Int
  let results: RunResults
  var sender: MessageSender
  var rejects: RejectSender

  /// How much is read at once.
  private static let blockSize = 256 << 10

  /// Runs to the end of the input, or until that is interrupted or the ring closed.
  ///
  /// - Returns: what was framed, and what the input failed with.
  nonisolated(nonsending) mutating func run() async -> (FramingCounts, RecorderError?) {
    var buffer = StreamBuffer(
      capacity: 2 * Self.blockSize, maximumMessageLength: maximumMessageLength)
    var error: RecorderError?
    do throws(BytesClaimError) {
      while !buffer.isFinal {
        let region = unsafe buffer.writableRegion()
        // SAFETY: the region is this task's until `didWrite`.
        var part = unsafe MutableRawSpan(
          _unsafeBytes: .init(rebasing: region[..<min(region.count, Self.blockSize)]))
        var count = 0
        do throws(IOError) {
          count = try await input.read(into: &part)
        } catch let failure {
          error = .input(name, reason: failure.description)
        }
        buffer.didWrite(count)
        if count == 0 { buffer.finish() }
        try await send(&buffer, receiveTime: Clock.sinceEpoch())
      }
    } catch {
      // The archive's task has gone, and says why itself.
    }
    results.add(framing: buffer.counts)
    results.add(claimToCommit: sender.claimToCommit)
    return (buffer.counts, error)
  }

  /// Sends all that can be framed.
  nonisolated(nonsending) private mutating func send(
    _ buffer: inout StreamBuffer, receiveTime: UInt64
  ) async throws(BytesClaimError) {
    while true {
      let step = buffer.frame()
      switch step {
      case .message(let length):
        try await sender.send(buffer.framed(length), receiveTime: receiveTime)
      case .reject(let reject):
        let record = RejectRecord(
          reject: reject, stream: number, offset: buffer.counts.bytes, receiveTime: receiveTime)
        try await rejects.send(record, buffer.framed(reject.length))
      case .needMore, .end: return
      }
      buffer.pass(step)
    }
  }
}
