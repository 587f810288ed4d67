internal import Glibc

/// The directory of an archive: which segments it has.
struct ArchiveDirectory: Sendable {
  let path: String

  /// - Throws: where `path` is no directory, with what to do.
  init(_ path: String) throws(ArchiveError) {
    var status = stat()
    if unsafe stat(path, &status) != 0 {
      throw errno == ENOENT ? .noSuchDirectory(path) : .system(operation: "open", path: path, errno: errno)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path) }
    self.path = path
  }

  /// The file of a segment.
  func file(_ index: UInt64) -> String { path + "/" + ArchiveLayout.segmentName(index) }

  var lockFile: String { path + "/lock" }

  /// Whether the directory has ever been recorded into.
  var hasLockFile: Bool { unsafe access(lockFile, F_OK) == 0 }

  /// The indices of all segment files in order. O(files).
  func segments() throws(ArchiveError) -> [UInt64] {
    guard let directory = unsafe opendir(path) else {
      throw .system(operation: "list", path: path, errno: errno)
    }
    defer { unsafe closedir(directory) }
    var indices: [UInt64] = []
    while let entry = unsafe readdir(directory) {
      // SAFETY: d_name is a C string within the entry, which stays valid until the next readdir.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let index = ArchiveLayout.segmentIndex(ofName: name) { indices.append(index) }
    }
    return indices.sorted()
  }

  /// Removes a segment's file.
  func remove(_ index: UInt64) throws(ArchiveError) {
    if unsafe unlink(file(index)) != 0 {
      throw .system(operation: "remove", path: file(index), errno: errno)
    }
  }

  /// Waits until the directory's entries are on the disk.
  func sync() throws(ArchiveError) {
    let directory = try ArchiveFile(opening: path, flags: O_RDONLY | O_DIRECTORY)
    try directory.sync()
  }
}
