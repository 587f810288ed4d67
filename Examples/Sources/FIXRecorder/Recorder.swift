internal import FIXArchiveFormat
internal import FIXWire
internal import NexusChannels
internal import NexusRT

/// Records FIX messages from one input into an archive, and returns when all of it is on the disk.
///
/// Producers frame the input and put messages into the ring (`FileProducer` on threads, `StreamProducer` as tasks);
/// one task takes them out and writes the archive (`ArchiveWriter`); another keeps the rejects (`RejectWriter`). The
/// run ends from its source: when the last producer lets its end of the ring go, the archive's task finds the ring
/// closed, seals, syncs and ends.
public enum Recorder {
  /// Runs a recorder on this thread, which must have no runtime yet.
  ///
  /// - Throws: `ArchiveError` if the archive cannot be opened (damaged, in use), `RecorderError` if it cannot be written
  ///   or there is no input, `RuntimeError` if the machine cannot run NexusRT.
  public static func run(
    _ configuration: RecorderConfiguration, events: RecorderEvents = RecorderEvents()
  ) throws -> RecorderSummary {
    // The input first: a wrong name must not leave an empty archive behind.
    let source = try Source(configuration)
    let archive = try RecordableArchive(openingForRecording: configuration.directory)
    let repair = archive.repair.map { $0.words }
    let runtime = try Runtime()
    // SAFETY: the root task runs on this thread, and has ended when this function returns.
    nonisolated(unsafe) let place = Place(archive, source, events)
    return try runtime.blockOn {
      let place = unsafe place
      let run = try await RecorderRun(place.archive.take()!, configuration, place.events)
      var summary = try await run.record(place.source.take()!)
      summary.repair = repair
      return summary
    }
  }

  /// Carries what has one owner into the root task.
  private final class Place {
    var archive: RecordableArchive?
    var source: Source?
    let events: RecorderEvents

    init(_ archive: consuming RecordableArchive, _ source: consuming Source, _ events: RecorderEvents) {
      self.events = events
      self.archive = consume archive
      self.source = consume source
    }
  }
}

extension ArchiveRepair {
  fileprivate var words: String {
    var parts: [String] = []
    if let sealedSegment { parts.append("sealed segment \(sealedSegment), which its recorder had left open") }
    if tornBytes > 0 { parts.append("cut off \(tornBytes) bytes that were never synced") }
    for file in removedFiles { parts.append("removed \(file), whose creation was cut off") }
    return parts.joined(separator: "; ")
  }
}
