internal import FIXArchiveFormat
internal import NexusChannels
internal import NexusRT

/// When buffers go to the disk, when they are synced, when a segment ends.
extension ArchiveWriter {
  /// Takes all that `receiver` gives until its senders are gone; then seals the last segment. Returns when all of it
  /// is on the disk.
  ///
  /// - Throws: `RecorderError`.
  nonisolated(nonsending) func drain(
    _ receiver: consuming MPSCBytes.Receiver, didTake: (borrowing MPSCBytes.Receiver) -> Void
  ) async throws {
    var receiver = receiver
    do {
      while try await takeBatch(&receiver) {
        didTake(receiver)
        try await settle()
        // The producers that are tasks of this runtime get their turn.
        await yield()
        await lookAhead(receiver)
      }
      try await closeSegment()
    } catch let error as IOError {
      fail(error)
      throw failure ?? error
    } catch {
      throw failure ?? error
    }
  }

  /// Looks for further records for a moment before `receive` parks the thread: to be woken costs a producer more than
  /// to send a hundred messages.
  nonisolated(nonsending) private func lookAhead(_ receiver: borrowing MPSCBytes.Receiver) async {
    if receiver.bytesInUse > 0 { return }
    let end = Clock.monotonic() + Self.lookAheadTime
    while receiver.bytesInUse == 0 && Clock.monotonic() < end { await yield() }
  }

  /// Returns false when there will be no more.
  nonisolated(nonsending) private func takeBatch(
    _ receiver: inout MPSCBytes.Receiver
  ) async throws -> Bool {
    do throws(ReceiveError) {
      var batch = try await receiver.receiveBatch()
      encode(&batch)
      return true
    } catch {
      guard error == .closed else { throw error }
      return false
    }
  }

  /// Does what the batch made due.
  nonisolated(nonsending) private func settle() async throws {
    if let failure { throw failure }
    if encoder.offset >= segmentLimit {
      try await closeSegment()
      try await beginSegment()
    } else if used >= Self.writeSize {
      handOver(used / ArchiveLayout.blockSize * ArchiveLayout.blockSize)
      place(try await lanes.take())
    }
    if sync == .everyBatch { isSyncDue = true }
    doWhatIsDue()
  }

  // MARK: Between batches

  /// A time has come to sync what is not synced.
  func requestSync() {
    isSyncDue = true
    doWhatIsDue()
  }

  /// A time has come to write what is not written, for other processes to see.
  func requestFlush() {
    isFlushDue = true
    doWhatIsDue()
  }

  /// Writes and syncs what is due and possible now. Called whenever something became due or possible.
  func doWhatIsDue() {
    guard failure == nil else { return }
    let canSync = isSyncDue && !segment.isSyncing
    if buffer != nil, isFlushDue || canSync {
      if recorded.messages > handedOver.messages {
        guard lanes.isNextFree else { return }
        encodeMark()
        handOver(used)
        place(lanes.takeFree())
      }
      isFlushDue = false
      if canSync {
        isSyncDue = false
        syncTarget = handedOverOffset
      }
    }
    beginSyncIfPossible()
  }

  /// Fills the buffer up to a block boundary.
  private func encodeMark() {
    unsafe encodeEnd { encoder, memory in
      encoder.encodeMark(durableOffset: segment.durable.offset, time: Clock.sinceEpoch(), into: memory)
    }
  }

  /// Begins a sync once all is written that it must cover.
  private func beginSyncIfPossible() {
    guard !segment.isSyncing, syncTarget > segment.durable.offset, segment.isWritten(upTo: syncTarget) else {
      return
    }
    let segment = self.segment
    segment.isSyncing = true
    syncTask = spawnBoxed {
      do throws(IOError) {
        try await segment.sync()
        self.didSync()
      } catch {
        self.fail(error)
      }
      segment.isSyncing = false
      self.doWhatIsDue()
    }
  }

  /// Tells that everything up to the segment's durable point is safe.
  private func didSync() {
    let durable = segment.durable.count
    samples.settle(upTo: durable.messages, now: Clock.monotonic(), into: &commitToSynced)
    events.didSync(durable)
  }

  // MARK: Segments

  /// Seals the segment and returns when all of it is on the disk.
  ///
  /// The seal is written alone, when a sync has covered everything before it: to a reader it is the proof that all of
  /// that was durable, and beside a write that fails or is lost in a crash it would make damage of what is none.
  nonisolated(nonsending) private func closeSegment() async throws {
    try await syncSegment()
    if buffer == nil { place(try await lanes.take()) }
    unsafe encodeEnd { encoder, memory in encoder.encodeSeal(time: Clock.sinceEpoch(), into: memory) }
    handOver(used)
    try await lanes.settle()
    if let failure { throw failure }
    try await segment.close()
    didSync()
  }

  /// Writes what the buffer holds, and returns when all of the segment so far is on the disk.
  nonisolated(nonsending) private func syncSegment() async throws {
    if used > 0 {
      encodeMark()
      handOver(used)
    }
    syncTarget = handedOverOffset
    // The end of the last write begins the sync; where none is in flight it begins here.
    beginSyncIfPossible()
    try await lanes.settle()
    while let task = syncTask.take() { try await task.value() }
    if let failure { throw failure }
  }

  /// Begins the segment behind the one that was closed.
  nonisolated(nonsending) private func beginSegment() async throws {
    encoder = SegmentEncoder(
      SegmentHeader(
        archiveID: archive.archiveID, segmentIndex: encoder.header.segmentIndex + 1,
        firstMessageNumber: encoder.nextMessageNumber, creationTime: Clock.sinceEpoch()))
    var memory = try await lanes.take()
    _ = unsafe memory.withMemory { encoder.encodeHeader(into: $0) }
    segment = try await ActiveSegment.create(
      encoder.header.segmentIndex, in: archive.directory, header: memory, after: recorded,
      probe: diskProbe)
    segments += 1
    handedOverOffset = ArchiveLayout.segmentHeaderSize
    syncTarget = 0
    place(memory)
  }
}
