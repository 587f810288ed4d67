internal import NexusChannels
internal import Synchronization

/// Deals a file's messages out to several producers, each a thread with its own end of the ring.
///
/// Each producer claims its records when it comes to it, so the messages of a batch stay in order, and those of different
/// batches mix in the ring, and so in the archive. To keep the order they would have to wait for each other.
///
/// Batches go round: from the framing thread to a producer, and empty back. Their number bounds the memory.
final class FanOut: Sendable {
  private let queues: [BlockingQueue<MessageBatch?>]
  private let free = BlockingQueue<MessageBatch>()
  // A producer that found the ring closed.
  private let isClosed = Atomic(false)

  /// Bytes of a batch, or the largest message where that is more.
  private static let batchSize = 128 << 10

  /// - Parameters:
  ///   - producers: how many.
  ///   - sender: the end of the ring that they share.
  init(
    producers: Int, maximumMessageLength: Int, sender: consuming MessageSender, results: RunResults
  ) throws(RecorderError) {
    queues = (0..<producers).map { _ in BlockingQueue() }
    for _ in 0..<2 * producers + 1 {
      free.put(MessageBatch(capacity: max(Self.batchSize, maximumMessageLength)))
    }
    for index in 0..<producers { try start(index, sender.clone(), results) }
  }

  private func start(
    _ index: Int, _ sender: consuming MessageSender, _ results: RunResults
  ) throws(RecorderError) {
    let queue = queues[index]
    try PlainThread.start(sender) { sender in
      var sender = sender
      while let batch = queue.take() {
        do throws(BytesClaimError) {
          try batch.forEach { (message) throws(BytesClaimError) in
            try sender.sendBlocking(message, receiveTime: batch.receiveTime)
          }
        } catch {
          self.isClosed.store(true, ordering: .relaxed)
        }
        batch.removeAll()
        self.free.put(batch)
      }
      results.add(claimToCommit: sender.claimToCommit)
    }
  }

  /// The framing thread's side.
  struct Dealer: ~Copyable {
    private let fanOut: FanOut
    private var batch: MessageBatch
    private var next = 0

    init(_ fanOut: FanOut) {
      self.fanOut = fanOut
      batch = fanOut.free.take()
    }

    /// Adds a message to the current batch, and deals that out when it is full or of another time.
    mutating func deal(_ message: RawSpan, receiveTime: UInt64) throws(BytesClaimError) {
      if batch.isEmpty { batch.receiveTime = receiveTime }
      if batch.receiveTime == receiveTime && batch.add(message) { return }
      try dealOut()
      batch.receiveTime = receiveTime
      precondition(batch.add(message), "a batch holds the largest message")
    }

    private mutating func dealOut() throws(BytesClaimError) {
      if fanOut.isClosed.load(ordering: .relaxed) { throw .closed }
      fanOut.queues[next].put(batch)
      next = (next + 1) % fanOut.queues.count
      batch = fanOut.free.take()
    }

    /// Deals out what is left, and tells every producer to end.
    consuming func finish() {
      if !batch.isEmpty { fanOut.queues[next].put(batch) }
      for queue in fanOut.queues { queue.put(nil) }
    }
  }
}
