internal import Glibc

/// The right to record into an archive: one process at a time, given back when the value goes or the process
/// ends, however it ends.
public struct ArchiveLock: ~Copyable, Sendable {
  private let file: ArchiveFile

  /// Takes the lock of the archive in `directory` (`flock` on the file `lock` in it), which must exist.
  ///
  /// - Throws: `ArchiveError.inUse` where another process has it.
  init(_ directory: ArchiveDirectory) throws(ArchiveError) {
    let file = try ArchiveFile(opening: directory.lockFile, flags: O_RDWR | O_CREAT)
    while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK {
        throw .inUse(directory: directory.path, byProcess: try Self.holder(file))
      }
      throw .system(operation: "lock", path: file.path, errno: errno)
    }
    // For the message that another recorder gets; the lock itself does not depend on it.
    let name = Array("\(getpid())\n".utf8)
    try file.truncate(to: 0)
    try unsafe file.write(name.span.bytes, at: 0)
    self.file = file
  }

  // Said aloud: a process that was just forked shares the open file until it runs its program, and with it the lock.
  deinit { _ = flock(file.descriptor, LOCK_UN) }

  private static func holder(_ file: borrowing ArchiveFile) throws(ArchiveError) -> Int? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
    defer { unsafe buffer.deallocate() }
    let count = try unsafe file.read(at: 0, into: buffer)
    return unsafe Int(String(decoding: buffer[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
  }
}
