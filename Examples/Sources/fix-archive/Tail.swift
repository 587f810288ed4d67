internal import ArgumentParser
internal import FIXArchiveFormat
internal import FIXRecorder
internal import Glibc
internal import NexusRT

/// `tail`: the messages one per line, SOH shown as `|`.
struct Tail: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the messages one per line, with SOH shown as |.",
    discussion: """
      With -f it goes on with what is recorded meanwhile, from segment to segment, until SIGINT or SIGTERM, which end \
      it at once: the last line may be cut off. A recorder shows its messages when it syncs them, or within a second \
      with --sync none.

      Exit codes: 0 success, also when ended by a signal; 1 damage, or reading or writing failed.
      """
  )

  @Flag(name: [.short, .long], help: "Follow: wait for further messages at the end.")
  var follow = false

  @Argument(help: "The archive's directory.")
  var directory: String

  func run() throws {
    guard follow else {
      var reader = try ArchiveReader(directory)
      var output = try BulkOutput("-")
      return try Self.printAll(&reader, to: &output)
    }
    // Before the runtime: it may start threads, which are to leave the signals to the descriptor, too.
    let signals = try Recorder.openStopSignals()
    let directory = self.directory
    try Runtime().blockOn {
      // Whichever ends first ends the other, wherever that waits: for the time or for who reads the output.
      try await race({ try await Self.waitForSignal(signals) }, { try await Self.follow(directory) })
    }
  }

  /// Returns when the program is told to stop.
  nonisolated(nonsending) private static func waitForSignal(_ signals: Int32) async throws {
    var buffer = IOBuffer(count: 4096)
    var bytes = buffer.mutableBytes
    _ = try await File(borrowing: signals).read(into: &bytes)
  }

  /// How long to wait at the end before looking again.
  private static let pauseLength = Duration.milliseconds(50)

  /// Prints the archive, and then what is recorded meanwhile, until the task is cancelled.
  nonisolated(nonsending) private static func follow(_ directory: String) async throws {
    var reader = try ArchiveReader(directory, isFollowing: true)
    var output = try BulkOutput("-")
    while true {
      do {
        // Each time the output's buffer is full the others have their turn, the wait for a signal among them.
        while try reader.next() { try await output.appendLineInTask(reader.payload) }
      } catch let error as ArchiveError {
        try await output.flushInTask()
        throw error
      }
      try await output.flushInTask()
      try await sleep(for: pauseLength)
    }
  }

  static func printAll(_ reader: inout ArchiveReader, to output: inout BulkOutput) throws {
    do {
      while try reader.next() { try output.appendLine(reader.payload) }
    } catch {
      try output.flush()
      throw error
    }
    try output.flush()
  }
}
