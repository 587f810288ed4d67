internal import ArgumentParser
internal import FIXRecorder
internal import FIXWire
internal import Glibc

/// `record`: from a file, standard input or TCP connections into an archive.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Records FIX messages into an archive.",
    usage: """
      fix-archive record --archive DIR --input FILE [options]
      fix-archive record --archive DIR - [options]
      fix-archive record --archive DIR --listen HOST:PORT [--connections N] [options]
      """,
    discussion: """
      Ends with the input, or in order at SIGINT and SIGTERM: what was received is recorded, synced and sealed. Then \
      the summary is written to standard error. Bad messages are counted by kind and kept in \
      DIR/rejects-*.bin (Examples/FORMAT.md); they never stop the good ones.

      Exit codes: 0 success; 1 the archive is damaged or in use, or reading or writing failed; 64 wrong usage.
      """
  )

  @Option(
    help: ArgumentHelp(
      "The archive's directory; made where it is missing, continued where it has messages.", valueName: "dir")
  )
  var archive: String

  @Option(
    help: ArgumentHelp(
      "The file to record; - is standard input here too. A FIFO is recorded until its writers have closed it.",
      valueName: "file"))
  var input: String?

  @Argument(help: ArgumentHelp("- records standard input.", valueName: "-"))
  var standardInput: String?

  @Option(
    help: ArgumentHelp(
      "Where to accept TCP connections; port 0 lets the system choose.", valueName: "host:port"))
  var listen: Endpoint?

  @Option(
    help: ArgumentHelp(
      "End when this many connections have closed; without it, at SIGINT or SIGTERM.", valueName: "n"))
  var connections: Int?

  @Option(
    help: """
      When to force what was received to the disk: none (at the end of a segment), interval, every-batch (at once, \
      one sync after the other).
      """)
  var sync = SyncPolicy.interval

  @Option(help: ArgumentHelp("The interval of --sync interval, in milliseconds.", valueName: "ms"))
  var syncInterval = 100

  @Option(help: ArgumentHelp("Seal a segment that has this many bytes and begin another.", valueName: "n"))
  var segmentBytes = 1 << 30

  @Option(
    help: ArgumentHelp(
      """
      Threads that put the messages of a file into the ring. With more than one the archive does not keep their \
      order: batches of 128 KiB go to the threads in turn and mix, and what a crash leaves is no prefix of the file.
      """, valueName: "n"))
  var threads = 1

  @Option(help: ArgumentHelp("The ring between producers and archive; a power of two.", valueName: "n"))
  var ringBytes = 4 << 20

  @Option(help: ArgumentHelp("Reject longer messages.", valueName: "n"))
  var maxMessageBytes = FIXFramer.defaultMaximumMessageLength

  @Flag(help: "Write a line `synced messages=N bytes=N` to standard output after every completed sync.")
  var reportSynced = false

  func validate() throws {
    let inputs = [input != nil, standardInput != nil, listen != nil].count { $0 }
    if inputs != 1 {
      throw ValidationError("Name one input: --input FILE, - for standard input, or --listen HOST:PORT.")
    }
    if let standardInput, standardInput != "-" {
      throw ValidationError("To record the file \(standardInput), say --input \(standardInput).")
    }
    if connections != nil && listen == nil { throw ValidationError("--connections goes with --listen.") }
    if let connections, connections < 1 { throw ValidationError("--connections must be at least 1.") }
    if threads != 1 && inputFile == nil {
      throw ValidationError(
        "--threads goes with --input FILE: a stream has one producer, each connection its own.")
    }
    try check(threads, 1...64, "--threads")
    try check(syncInterval, 1...3_600_000, "--sync-interval")
    try check(segmentBytes, 1 << 16...1 << 50, "--segment-bytes")
    try check(maxMessageBytes, 64...1 << 26, "--max-message-bytes")
    let smallest = RecorderConfiguration.smallestRing(forMessagesOf: maxMessageBytes)
    try check(
      ringBytes, smallest...1 << 32, "--ring-bytes", "for messages of \(maxMessageBytes) bytes")
  }

  private func check(_ value: Int, _ range: ClosedRange<Int>, _ name: String, _ why: String = "") throws {
    if !range.contains(value) {
      throw ValidationError(
        "\(name) must be in \(range.lowerBound) ... \(range.upperBound)\(why.isEmpty ? "" : " " + why).")
    }
  }

  func run() throws {
    // Before any thread is started: all of them leave the signals to the descriptor.
    var configuration = recorderConfiguration
    configuration.stopDescriptor = try Recorder.openStopSignals()
    // A reader of the reports that goes away does not end the recording.
    _ = signal(SIGPIPE, SIG_IGN)
    let report = RecordReport(isReportingSyncs: reportSynced)
    configuration.progressInterval = report.interval
    let summary: RecorderSummary
    do {
      summary = try Recorder.run(configuration, events: report.events)
    } catch {
      report.clearLine()
      throw error
    }
    report.clearLine()
    printError(SummaryText(summary).description)
    if let error = summary.inputError { throw error }
  }

  /// The file to record; nil where the input is a stream.
  private var inputFile: String? { input == "-" ? nil : input }

  private var recorderConfiguration: RecorderConfiguration {
    let source: RecorderConfiguration.Input
    if let inputFile {
      source = .file(inputFile)
    } else if let listen {
      source = .listen(host: listen.host, port: listen.port, connections: connections)
    } else {
      source = .descriptor(STDIN_FILENO)
    }
    var configuration = RecorderConfiguration(directory: archive, input: source)
    configuration.sync =
      switch sync {
      case .none: .never
      case .interval: .interval(.milliseconds(syncInterval))
      case .everyBatch: .everyBatch
      }
    configuration.segmentBytes = segmentBytes
    configuration.producers = threads
    configuration.ringBytes = ringBytes
    configuration.maximumMessageLength = maxMessageBytes
    return configuration
  }
}

/// The policies as an argument.
enum SyncPolicy: String, CaseIterable, ExpressibleByArgument {
  case none
  case interval
  case everyBatch = "every-batch"
}

/// `HOST:PORT`; an IPv6 address stands in brackets, an empty host is every address.
struct Endpoint: ExpressibleByArgument {
  let host: String
  let port: UInt16

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = UInt16(argument[argument.index(after: colon)...])
    else { return nil }
    var host = argument[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self.host = String(host)
    self.port = port
  }
}
