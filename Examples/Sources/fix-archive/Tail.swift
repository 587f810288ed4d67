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
      With -f it goes on with what is recorded meanwhile, from segment to segment, until SIGINT or SIGTERM. A recorder \
      shows its messages when it syncs them, or within a second with --sync none.

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
    let signals = try Recorder.openStopSignals()
    let runtime = try Runtime()
    let directory = self.directory
    try runtime.blockOn {
      let state = Following()
      let stopper = spawnBoxed {
        var buffer = IOBuffer(count: 4096)
        var bytes = buffer.mutableBytes
        _ = try await File(borrowing: signals).read(into: &bytes)
        state.stop()
      }
      try await state.follow(directory)
      stopper.cancel()
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

/// Following an archive until told to stop.
private final class Following {
  private var isStopping = false

  /// How long to wait at the end before looking again.
  private static let pauseLength = Duration.milliseconds(50)

  nonisolated(nonsending) func follow(_ directory: String) async throws {
    var reader = try ArchiveReader(directory, isFollowing: true)
    var output = try BulkOutput("-")
    while !isStopping {
      try Tail.printAll(&reader, to: &output)
      try await sleep(for: Self.pauseLength)
    }
  }

  func stop() { isStopping = true }
}
