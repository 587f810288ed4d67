internal import Glibc

/// One open file, closed with its value; every call that fails says what was done to which file.
struct ArchiveFile: ~Copyable, Sendable {
  let descriptor: Int32
  let path: String

  init(opening path: String, flags: Int32, mode: mode_t = 0o644) throws(ArchiveError) {
    var descriptor: Int32
    repeat {
      descriptor = unsafe open(path, flags | O_CLOEXEC, mode)
    } while descriptor < 0 && errno == EINTR
    if descriptor < 0 { throw .system(operation: "open", path: path, errno: errno) }
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// The size in bytes.
  func size() throws(ArchiveError) -> Int {
    var status = stat()
    if unsafe fstat(descriptor, &status) != 0 {
      throw .system(operation: "examine", path: path, errno: errno)
    }
    return Int(status.st_size)
  }

  /// Tells the kernel to read ahead far.
  func expectSequentialReads() { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }

  /// Reads at `offset`, at most the buffer's size. Returns 0 at the end of the file.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count >= 0 { return count }
      if errno != EINTR { throw .system(operation: "read", path: path, errno: errno) }
    }
  }

  /// Writes all of `bytes` at `offset`.
  func write(_ bytes: RawSpan, at offset: Int) throws(ArchiveError) {
    var done = 0
    while done < bytes.byteCount {
      let count = unsafe bytes.extracting(done...).withUnsafeBytes { rest in
        unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(operation: "write", path: path, errno: errno)
      }
      done += count
    }
  }

  /// Cuts the file to `size` bytes.
  func truncate(to size: Int) throws(ArchiveError) {
    if ftruncate(descriptor, off_t(size)) != 0 {
      throw .system(operation: "truncate", path: path, errno: errno)
    }
  }

  /// Waits until all of the file, its size included, is on the disk.
  func sync() throws(ArchiveError) {
    if fsync(descriptor) != 0 { throw .system(operation: "sync", path: path, errno: errno) }
  }
}
