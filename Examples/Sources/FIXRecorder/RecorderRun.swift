internal import FIXArchiveFormat
internal import FIXWire
internal import NexusChannels
internal import NexusRT

/// One run: the tasks, how they are started, told to stop and waited for.
final class RecorderRun {
  private let configuration: RecorderConfiguration
  private let events: RecorderEvents
  private let writer: ArchiveWriter
  private let rejectWriter: RejectWriter
  private let results = RunResults()
  private let began = ContinuousClock.now
  // Inputs whose pending read must be ended to stop.
  private var inputs: [UInt64: InterruptibleInput] = [:]
  private var accepting: JoinHandle<Void>?
  private var connections: UInt64 = 0
  private var ringFill = 0.0
  private var wasStopped = false

  nonisolated(nonsending) init(
    _ archive: consuming RecordableArchive, _ configuration: RecorderConfiguration, _ events: RecorderEvents
  ) async throws {
    self.configuration = configuration
    self.events = events
    rejectWriter = RejectWriter(
      directory: archive.directory, name: Self.rejectFileName(archive.nextSegmentIndex),
      largestRecord: configuration.maximumMessageLength + RejectRecord.headerSize, note: events.note)
    writer = try await ArchiveWriter.begin(archive, configuration, events)
  }

  /// The rejects of the run whose first segment has this index.
  static func rejectFileName(_ segment: UInt64) -> String {
    "rejects-" + ArchiveLayout.segmentName(segment).dropLast(4) + ".bin"
  }

  /// Records `source` to its end, or until told to stop.
  nonisolated(nonsending) func record(_ source: consuming Source) async throws -> RecorderSummary {
    let smallest = RecorderConfiguration.smallestRing(
      forMessagesOf: configuration.maximumMessageLength + RejectRecord.headerSize)
    let ring = MPSCBytes.channel(capacity: max(configuration.ringBytes, smallest))
    let rejectRing = MPSCBytes.channel(capacity: smallest)
    writer.observeWrites()
    writer.didFail = { self.stop() }
    defer { writer.endObserving() }

    let rejects = spawnBoxed(rejectRing.receiver) { receiver in await self.rejectWriter.drain(receiver) }
    let drain = spawnBoxed(ring.receiver) { receiver in
      try await self.writer.drain(receiver) { self.ringFill = Double($0.bytesInUse) / Double($0.capacity) }
    }
    let syncTimer = startSyncTimer()
    let progressTimer = startProgressTimer()
    let stopper = startStopper()
    try start(source, MessageSender(ring.sender), RejectSender(rejectRing.sender))

    var failure: (any Error)?
    do { try await drain.value() } catch { failure = error }
    // The messages are safe, or lost; what was rejected on the way follows.
    stop()
    try await rejects.value()
    syncTimer.cancel()
    progressTimer.cancel()
    stopper.cancel()
    if let failure { throw failure }
    return summary()
  }

  private func summary() -> RecorderSummary {
    let sums = results.sums
    return RecorderSummary(
      framing: sums.framing, durable: writer.segment.durable.count, segments: writer.segments,
      elapsed: ContinuousClock.now - began,
      rejectFile: rejectWriter.hasFile ? rejectWriter.path : nil, lostRejectBytes: rejectWriter.lostBytes,
      claimToCommit: sums.claimToCommit, commitToSynced: writer.commitToSynced,
      timedInterval: RingRecord.sampleInterval, wasStopped: wasStopped, inputError: sums.inputError)
  }

  // MARK: Timers and signals

  private func startSyncTimer() -> JoinHandle<Void> {
    switch configuration.sync {
    case .interval(let interval):
      spawnBoxed {
        while true {
          try await sleep(for: interval)
          self.writer.requestSync()
        }
      }
    case .never, .everyBatch:
      spawnBoxed {
        while true {
          try await sleep(for: .seconds(1))
          self.writer.requestFlush()
        }
      }
    }
  }

  private func startProgressTimer() -> JoinHandle<Void> {
    spawnBoxed {
      while true {
        try await sleep(for: self.configuration.progressInterval)
        self.events.progress(self.progress())
      }
    }
  }

  private func progress() -> RecorderProgress {
    RecorderProgress(
      elapsed: ContinuousClock.now - began, messages: writer.recorded.messages, bytes: writer.recorded.bytes,
      durable: writer.segment.durable.count, rejects: rejectWriter.rejects,
      rejectedBytes: rejectWriter.rejectedBytes, ringFill: ringFill)
  }

  /// Waits for the word to stop.
  private func startStopper() -> JoinHandle<Void> {
    spawnBoxed {
      guard let descriptor = self.configuration.stopDescriptor else { return }
      var buffer = IOBuffer(count: 4096)
      var bytes = buffer.mutableBytes
      _ = try await File(borrowing: descriptor).read(into: &bytes)
      self.wasStopped = true
      self.stop()
    }
  }

  /// Makes every producer end after what it has received.
  private func stop() {
    results.stop()
    accepting?.cancel()
    for input in inputs.values { input.interrupt() }
  }

  // MARK: Producers

  private func start(
    _ source: consuming Source, _ sender: consuming MessageSender, _ rejects: consuming RejectSender
  ) throws {
    switch consume source {
    case .file(let descriptor, let path):
      let file = FileProducer(
        descriptor: descriptor, path: path, maximumMessageLength: configuration.maximumMessageLength,
        results: results, rejects: rejects)
      try start(file, sender)
    case .stream(let file, let name):
      startStream(.file(file), name, 1, sender, rejects) { _, error in
        if let error { self.results.add(error: error) }
      }
    case .listener(let listener, let limit):
      events.isListening(listener.port)
      accept(from: listener, limit: limit, sender, rejects)
    }
  }

  /// The threads of a file.
  private func start(_ file: consuming FileProducer, _ sender: consuming MessageSender) throws {
    let results = self.results
    if configuration.producers == 1 {
      try PlainThread.start(FileThread(file: file, sender: sender)) { thread in
        var file = thread.file
        var sender = thread.sender
        file.run { (message, time) throws(BytesClaimError) in
          try sender.sendBlocking(message, receiveTime: time)
        }
        results.add(claimToCommit: sender.claimToCommit)
      }
    } else {
      let fanOut = try FanOut(
        producers: configuration.producers, maximumMessageLength: configuration.maximumMessageLength,
        sender: sender, results: results)
      try PlainThread.start(file) { file in
        var file = file
        var dealer = FanOut.Dealer(fanOut)
        file.run { (message, time) throws(BytesClaimError) in try dealer.deal(message, receiveTime: time) }
        dealer.finish()
      }
    }
  }

  private func startStream(
    _ input: consuming ByteInput, _ name: String, _ number: UInt64, _ sender: consuming MessageSender,
    _ rejects: consuming RejectSender, didEnd: @escaping (FramingCounts, RecorderError?) -> Void
  ) {
    let input = InterruptibleInput(input)
    inputs[number] = input
    // A connection can be accepted in the turn of the stop, which then did not see it among the inputs.
    if results.isStopping { input.interrupt() }
    let stream = StreamProducer(
      input: input, name: name, number: number, maximumMessageLength: configuration.maximumMessageLength,
      results: results, sender: sender, rejects: rejects)
    spawnBoxed(stream) { stream in
      var stream = stream
      let (counts, error) = await stream.run()
      self.inputs[number] = nil
      didEnd(counts, error)
    }
  }

  /// Accepts connections, each recorded by a task of its own.
  private func accept(
    from listener: consuming TCPListener, limit: Int?, _ sender: consuming MessageSender,
    _ rejects: consuming RejectSender
  ) {
    let ends = ProducerEnds(sender, rejects)
    accepting = spawnBoxed(listener) { listener in
      let listener = listener
      while limit.map({ self.connections < $0 }) ?? true {
        do throws(IOError) {
          let stream = try await listener.accept()
          self.connections += 1
          let name = "connection \(self.connections)"
          self.events.note("\(name) accepted")
          self.startStream(
            .connection(stream), name, self.connections, ends.sender.clone(), ends.rejects.clone()
          ) { counts, error in
            // A peer that fails is no failure of the run.
            let how = error.map { "\($0)" } ?? "\(name) closed"
            self.events.note("\(how): \(counts.messages) messages, \(counts.rejects) rejects")
          }
        } catch {
          if error.isCancelled { return }
          // Out of descriptors, say: the connection waits until one is free.
          self.events.note("\(error); trying again")
          try await sleep(for: .milliseconds(100))
        }
      }
    }
  }
}

/// What the thread of a file gets.
private struct FileThread: ~Copyable, Sendable {
  var file: FileProducer
  var sender: MessageSender
}

/// What every connection gets a clone of.
private final class ProducerEnds {
  let sender: MessageSender
  let rejects: RejectSender

  init(_ sender: consuming MessageSender, _ rejects: consuming RejectSender) {
    self.sender = sender
    self.rejects = rejects
  }
}
