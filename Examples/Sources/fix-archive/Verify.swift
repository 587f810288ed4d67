internal import ArgumentParser
internal import FIXArchiveFormat
internal import Glibc

/// `verify`: checks every record and says what is there.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks every record of an archive and prints what it holds.",
    discussion: """
      An archive whose last segment is being written, or was cut off by a crash, is sound: a torn tail is what was \
      never synced, and recording on removes it. Damage is what was durable and is not there any more.

      Exit codes: 0 the archive is sound; 1 it is damaged (each place is named on standard error), or cannot be read.
      """
  )

  @Argument(help: "The archive's directory.")
  var directory: String

  func run() throws {
    let found = try ArchiveVerification(checking: directory)
    line("segments", "\(found.segments)")
    line("messages", "\(found.messages)")
    line("bytes", "\(found.payloadBytes) in messages, \(found.fileBytes) on disk")
    if let first = found.firstTime, let last = found.lastTime {
      line("first", UTCTime(nanoseconds: first).description)
      line("last", UTCTime(nanoseconds: last).description)
    }
    if let path = found.tornCreation {
      line("torn creation", "\(path) was being created when its recorder stopped; recording on removes it")
    }
    line("end", ending(found))
    if found.isSound { return }
    for damage in found.damages { printError("damage: \(damage)") }
    printError(ArchiveDamage.advice)
    throw ExitCode.failure
  }

  private func ending(_ found: ArchiveVerification) -> String {
    switch found.end {
    case .sealed: "sealed"
    case .cleanTail(let offset):
      "open at byte \(offset) of segment \(found.segments): being written, or cut off"
    case .tornTail(let offset, _):
      "torn tail at byte \(offset) of segment \(found.segments): what follows was never synced"
    case .damaged: "damaged"
    case nil: found.isSound ? "nothing recorded yet" : "damaged"
    }
  }

  private func line(_ name: String, _ value: String) {
    print(name + String(repeating: " ", count: max(1, 15 - name.count)) + value)
  }
}

/// Writes a line to standard error.
func printError(_ text: String) {
  let bytes = Array((text + "\n").utf8)
  _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
