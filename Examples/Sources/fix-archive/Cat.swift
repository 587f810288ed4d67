internal import ArgumentParser
internal import FIXArchiveFormat

/// `cat`: the messages back to back, byte for byte as they were received.
struct Cat: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the messages to standard output, back to back, byte for byte as received.",
    discussion: """
      Reads an archive that is being recorded, too, up to what is there. On damage everything before it is \
      written, then the damage is named on standard error.

      Exit codes: 0 success; 1 damage, or reading or writing failed.
      """
  )

  @Argument(help: "The archive's directory.")
  var directory: String

  func run() throws {
    var reader = try ArchiveReader(directory)
    var output = try BulkOutput("-")
    do {
      while try reader.next() { try output.append(reader.payload) }
    } catch {
      try output.flush()
      throw error
    }
    try output.flush()
  }
}
