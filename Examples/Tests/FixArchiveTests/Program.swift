import Glibc

/// What a run of the program left behind.
struct Finished {
  var exitCode: Int32
  var output: [UInt8]
  var errors: String
}

/// Runs the built `fix-archive` with `arguments`; its output goes through files, so that nothing can block.
func fixArchive(_ arguments: String...) -> Finished { RunningProgram(arguments).finish() }

/// A run of the built `fix-archive` that has not ended.
struct RunningProgram {
  private let process: pid_t
  private let directory: String

  /// - Parameters:
  ///   - input: the file that is its standard input.
  ///   - output: the file that is its standard output; without it one that `output` gives.
  init(_ arguments: [String], input: String = "/dev/null", output: String? = nil) {
    directory = temporaryDirectory()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions, 1, output ?? directory + "/out", O_WRONLY | O_CREAT, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, directory + "/err", O_WRONLY | O_CREAT, 0o600)
    var child: pid_t = 0
    var words: [UnsafeMutablePointer<CChar>?] =
      unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    precondition(
      unsafe posix_spawn(&child, program, &actions, nil, &words, environ) == 0, "cannot run \(program)")
    process = child
  }

  /// What it wrote to standard output so far.
  var output: String { String(decoding: contents(directory + "/out"), as: UTF8.self) }
  /// What it wrote to standard error so far.
  var errors: String { String(decoding: contents(directory + "/err"), as: UTF8.self) }

  func send(_ signal: Int32) { kill(process, signal) }

  /// Whether it comes to block SIGINT, to take it in its own way, before a patient time is over.
  func blocksSignals() -> Bool {
    for _ in 0..<1000 {
      let status = String(decoding: contents("/proc/\(process)/status"), as: UTF8.self)
      let mask = status.split(separator: "SigBlk:\t").last?.prefix(16) ?? ""
      if let bits = UInt64(mask, radix: 16), bits & 1 << UInt64(SIGINT - 1) != 0 { return true }
      usleep(10_000)
    }
    return false
  }

  /// Whether it ends before a patient time is over. It can still be waited for.
  func endsInTime(doingMeanwhile action: () -> Void = {}) -> Bool {
    for _ in 0..<1000 {
      action()
      var information = unsafe siginfo_t()
      let status = unsafe waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
      if unsafe status == 0 && information.si_signo == SIGCHLD { return true }
      usleep(10_000)
    }
    return false
  }

  /// Waits for its end.
  func finish() -> Finished {
    var status: Int32 = 0
    unsafe waitpid(process, &status, 0)
    defer {
      unsafe unlink(directory + "/out")
      unsafe unlink(directory + "/err")
      unsafe rmdir(directory)
    }
    // A signal shows as 128 and its number, as a shell has it.
    let exitCode = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    return Finished(
      exitCode: exitCode, output: contents(directory + "/out"),
      errors: String(decoding: contents(directory + "/err"), as: UTF8.self))
  }
}

/// The program stands beside the test bundle that runs.
private let program: String = {
  var path = [CChar](repeating: 0, count: 4096)
  let count = unsafe readlink("/proc/self/exe", &path, path.count)
  let bytes = path[..<max(0, count)].map { UInt8(bitPattern: $0) }
  let beside = String(decoding: bytes[..<(bytes.lastIndex(of: 0x2F) ?? 0)], as: UTF8.self) + "/fix-archive"
  if unsafe access(beside, X_OK) == 0 { return beside }
  // A runner of the toolchain loads the bundle: the build folder is in this file's package.
  let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
  return package.joined(separator: "/") + "/.build/debug/fix-archive"
}()

func temporaryDirectory() -> String {
  var template = "/tmp/fix-archive-test-XXXXXX".utf8.map { CChar(bitPattern: $0) } + [0]
  precondition(unsafe mkdtemp(&template) != nil, "cannot make a directory in /tmp")
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func contents(_ path: String) -> [UInt8] {
  let file = unsafe open(path, O_RDONLY)
  defer { close(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = unsafe read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
  return bytes
}

func write(_ bytes: [UInt8], to path: String) {
  let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  defer { close(file) }
  precondition(unsafe Glibc.write(file, bytes, bytes.count) == bytes.count, "cannot write \(path)")
}
