// fix-archive: keeps FIX messages on disk as they were received, and gives them back.
//
// One file per subcommand. What is on disk is FIXArchiveFormat's, what is on the wire is FIXWire's; here are
// only the arguments, the output and the exit codes.
import ArgumentParser

@main
struct FixArchive: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fix-archive",
    abstract: "Keeps FIX messages on disk as they were received, and gives them back.",
    discussion: """
      An archive is a directory of append-only segment files (Examples/FORMAT.md). After a crash at any point \
      everything that was synced is there.

      Exit codes: 0 success; 1 the archive is damaged, or reading or writing failed; 64 wrong usage.
      """,
    subcommands: [Record.self, Tail.self, Cat.self, Verify.self, Generate.self]
  )
}
