internal import FIXWire
internal import Glibc
internal import NexusChannels

/// Reads and frames a file on a thread of its own, and sends each message and each reject on.
struct FileProducer: ~Copyable, Sendable {
  let descriptor: Int32
  let path: String
  let maximumMessageLength: Int
  let results: RunResults
  var rejects: RejectSender

  /// How much is read at once: small enough to be still in the cache when it is framed and copied.
  private static let blockSize = 256 << 10

  deinit { close(descriptor) }

  /// Runs to the end of the file, or until the run is stopped or the ring closed.
  ///
  /// - Parameter send: gets each message, in order, and when it was received.
  mutating func run(_ send: (RawSpan, UInt64) throws(BytesClaimError) -> Void) {
    var buffer = StreamBuffer(
      capacity: 2 * Self.blockSize, maximumMessageLength: maximumMessageLength)
    var error: RecorderError?
    do throws(BytesClaimError) {
      var offset = 0
      var drained = StreamBuffer.Drained.needsInput
      while drained != .finished {
        let count = results.isStopping ? 0 : unsafe buffer.fill { unsafe read($0, &error) }
        if count == 0 { buffer.finish() }
        let time = Clock.sinceEpoch()
        drained = try buffer.drain(
          message: { (message) throws(BytesClaimError) in
            try send(message, time)
            offset += message.byteCount
            return true
          },
          reject: { (reject, bytes) throws(BytesClaimError) in
            try rejects.sendBlocking(
              RejectRecord(reject: reject, stream: 1, offset: offset, receiveTime: time), bytes)
            offset += bytes.byteCount
          })
      }
    } catch {
      // The archive's task has gone, and says why itself.
    }
    results.add(framing: buffer.counts, error: error)
  }

  /// The bytes read into the front of `region`, 0 at the end or with an error.
  private func read(_ region: UnsafeMutableRawBufferPointer, _ error: inout RecorderError?) -> Int {
    while true {
      let count = unsafe Glibc.read(descriptor, region.baseAddress, min(region.count, Self.blockSize))
      if count >= 0 { return count }
      if errno == EINTR { continue }
      error = .input(path, reason: describe(errno: errno))
      return 0
    }
  }
}
