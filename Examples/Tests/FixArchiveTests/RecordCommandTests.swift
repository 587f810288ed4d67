import FIXArchiveFormat
import FIXWire
import Glibc
import Testing

/// `record` and `tail` as their users see them, kills included.
@Suite(.serialized) struct RecordCommandTests {
  /// A directory with an input of generated messages in it.
  func makeInput(_ messages: Int) -> (directory: String, input: String) {
    let directory = temporaryDirectory()
    let input = directory + "/input"
    let made = fixArchive("generate", "--messages", "\(messages)", "--profile", "small", "--output", input)
    precondition(made.exitCode == 0)
    return (directory, input)
  }

  func remove(_ directory: String) {
    for name in ["archive", "."] {
      let path = directory + "/" + name
      guard let listing = unsafe opendir(path) else { continue }
      while let entry = unsafe readdir(listing) {
        let file = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        unsafe unlink(path + "/" + file)
      }
      unsafe closedir(listing)
      unsafe rmdir(path)
    }
    unsafe rmdir(directory)
  }

  @Test func record_tellsWhatItDid_andCatGivesTheBytesBack() {
    let (directory, input) = makeInput(5000)
    defer { remove(directory) }
    let archive = directory + "/archive"
    let recorded = fixArchive("record", "--archive", archive, "--input", input, "--report-synced")
    #expect(recorded.exitCode == 0)
    #expect(recorded.errors.contains("messages         5000\n"))
    #expect(recorded.errors.contains("rejects          0, 0 bytes\n"))
    #expect(recorded.errors.contains("claim-commit     p50 "))
    let report = String(decoding: recorded.output, as: UTF8.self)
    #expect(report.hasSuffix("synced messages=5000 bytes=\(contents(input).count)\n"))
    #expect(fixArchive("cat", archive).output == contents(input))
  }

  @Test(arguments: [["-"], ["--input", "-"]])
  func dash_isStandardInput(arguments: [String]) {
    let (directory, input) = makeInput(100)
    defer { remove(directory) }
    let archive = directory + "/archive"
    let recorded = RunningProgram(["record", "--archive", archive] + arguments, input: input).finish()
    #expect(recorded.exitCode == 0)
    #expect(fixArchive("cat", archive).output == contents(input))
  }

  @Test func usageErrors_sayWhatToDo() {
    let none = fixArchive("record", "--archive", "/tmp/none")
    #expect(none.exitCode == 64)
    #expect(
      none.errors.contains("Name one input: --input FILE, - for standard input, or --listen HOST:PORT."))
    let threads = fixArchive("record", "--archive", "/tmp/none", "-", "--threads", "2")
    #expect(threads.exitCode == 64)
    #expect(threads.errors.contains("--threads goes with --input FILE"))
    let ring = fixArchive("record", "--archive", "/tmp/none", "-", "--ring-bytes", "4096")
    #expect(ring.exitCode == 64)
    #expect(
      ring.errors.contains("--ring-bytes must be in 4194304 ... 4294967296 for messages of 1048576 bytes"))
    let missing = fixArchive("record", "--archive", "/tmp/none", "--input", "/tmp/none/missing")
    #expect(missing.exitCode == 1)
    #expect(missing.errors.contains("cannot read /tmp/none/missing: No such file or directory"))
    #expect(!exists("/tmp/none"))
  }

  @Test func help_saysThatSeveralThreadsDoNotKeepTheOrder() {
    let help = fixArchive("record", "--help").output
    #expect(
      String(decoding: help, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        .contains("With more than one the archive does not keep their order"))
  }

  func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// What a program wrote, once it has `text` in it, or after ten seconds.
  func wait(for text: String, in output: () -> String) -> String {
    for _ in 0..<1000 {
      let now = output()
      if now.contains(text) { return now }
      usleep(10_000)
    }
    return output()
  }

  @Test func sigint_whileListening_seals_andIsNoError() {
    let (directory, _) = makeInput(1)
    defer { remove(directory) }
    let archive = directory + "/archive"
    let recorder = RunningProgram(["record", "--archive", archive, "--listen", "127.0.0.1:0"])
    #expect(wait(for: "listening on port", in: { recorder.errors }).contains("listening on port"))
    recorder.send(SIGINT)
    let ended = recorder.finish()
    #expect(ended.exitCode == 0)
    #expect(ended.errors.contains("stopped          by a signal, in order\n"))
    #expect(
      String(decoding: fixArchive("verify", archive).output, as: UTF8.self).contains("end            sealed"))
  }

  @Test func tail_showsLines_andFollowsOverSegments_untilSigint() {
    let (directory, input) = makeInput(300)
    defer { remove(directory) }
    let archive = directory + "/archive"
    let small = ["record", "--archive", archive, "--input", input, "--segment-bytes", "65536"]
    #expect(RunningProgram(small).finish().exitCode == 0)
    let lines =
      String(decoding: contents(input), as: UTF8.self).replacing("\u{1}", with: "|")
      .replacing("|8=FIX", with: "|\n8=FIX") + "\n"
    #expect(String(decoding: fixArchive("tail", archive).output, as: UTF8.self) == lines)

    let tail = RunningProgram(["tail", "-f", archive])
    #expect(wait(for: lines, in: { tail.output }) == lines)
    #expect(RunningProgram(small).finish().exitCode == 0)
    #expect(wait(for: lines + lines, in: { tail.output }) == lines + lines)
    tail.send(SIGINT)
    let ended = tail.finish()
    #expect(ended.exitCode == 0)
    #expect(ended.errors.isEmpty)
  }

  @Test func sigint_whileNobodyOpensTheFIFO_seals() {
    let (directory, _) = makeInput(1)
    defer { remove(directory) }
    let archive = directory + "/archive"
    let fifo = directory + "/fifo"
    precondition(unsafe mkfifo(fifo, 0o600) == 0)
    let recorder = RunningProgram(["record", "--archive", archive, "--input", fifo])
    #expect(recorder.blocksSignals())
    recorder.send(SIGINT)
    let endsInTime = recorder.endsInTime()
    #expect(endsInTime, "SIGINT is blocked and nobody looks for it")
    if !endsInTime { recorder.send(SIGKILL) }
    #expect(recorder.finish().exitCode == 0)
    #expect(
      String(decoding: fixArchive("verify", archive).output, as: UTF8.self).contains("end            sealed"))
  }

  /// A FIFO with both ends open, and `tail -f` of a long archive that writes to it and has filled it.
  func makeBlockedTail() -> (directory: String, reader: Int32, tail: RunningProgram) {
    let (directory, input) = makeInput(50_000)
    let archive = directory + "/archive"
    #expect(fixArchive("record", "--archive", archive, "--input", input).exitCode == 0)
    let fifo = directory + "/fifo"
    precondition(unsafe mkfifo(fifo, 0o600) == 0)
    let reader = unsafe open(fifo, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    let tail = RunningProgram(["tail", "-f", archive], output: fifo)
    var count: Int32 = 0
    for _ in 0..<1000 where count < 1 << 16 {
      usleep(10_000)
      _ = unsafe ioctl(reader, UInt(FIONREAD), &count)
    }
    #expect(count == 1 << 16, "the pipe is full")
    return (directory, reader, tail)
  }

  @Test func sigint_whileNobodyReadsTheTail_endsIt() {
    let (directory, reader, tail) = makeBlockedTail()
    defer { remove(directory) }
    defer { close(reader) }
    tail.send(SIGINT)
    let endsInTime = tail.endsInTime()
    #expect(endsInTime, "a full pipe keeps tail from ending")
    if !endsInTime { tail.send(SIGKILL) }
    let ended = tail.finish()
    #expect(ended.exitCode == 0)
    #expect(ended.errors.isEmpty)
  }

  @Test func sigint_whileTheTailCatchesUp_endsIt() {
    let (directory, reader, tail) = makeBlockedTail()
    defer { remove(directory) }
    defer { close(reader) }
    tail.send(SIGINT)
    // Whatever it writes is read at once from now on.
    var room = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    func readAll() {
      while case let count = unsafe read(reader, &room, room.count), count > 0 { total += count }
    }
    #expect(
      tail.endsInTime {
        readAll()
      })
    readAll()
    #expect(tail.finish().exitCode == 0)
    let whole = fixArchive("tail", directory + "/archive").output.count
    #expect(total < whole, "tail went on to the end of the archive")
  }

  @Test func kills_loseNothingThatWasReportedSynced() {
    let (directory, input) = makeInput(400_000)
    defer { remove(directory) }
    let sent = contents(input)
    let archive = directory + "/archive"
    var random = SplitMix64(seed: UInt64(getpid()))
    var recorded: [UInt8] = []
    // Each round goes on in the archive that the kill before it left.
    for round in 0..<10 {
      let arguments = [
        "record", "--archive", archive, "--segment-bytes", "8388608", "--report-synced", "--sync",
        ["interval", "every-batch", "none"][round % 3], "--sync-interval", "10",
      ]
      let recorder =
        round % 2 == 0
        ? RunningProgram(arguments + ["--input", input]) : RunningProgram(arguments + ["-"], input: input)
      usleep(UInt32(random.next() % 400_000))
      recorder.send(SIGKILL)
      let output = String(decoding: recorder.finish().output, as: UTF8.self)
      // A line that the kill cut off reports nothing.
      let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      let reported = lines.last?.split(separator: "=").last.flatMap { Int($0) } ?? 0
      if !exists(archive) { continue }
      #expect(fixArchive("verify", archive).exitCode == 0)
      let now = fixArchive("cat", archive).output
      #expect(now.starts(with: recorded))
      let added = now[recorded.count...]
      #expect(sent.starts(with: added), "round \(round): not a prefix of the input")
      #expect(added.count >= reported, "round \(round): \(reported) bytes were reported synced")
      recorded = now
    }
  }
}
