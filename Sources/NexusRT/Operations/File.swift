// A file, or anything else behind a descriptor that is read and written: its operations go through the ring.

internal import CURing
internal import Glibc

/// An open file with one owner, closed when that goes.
public struct File: ~Copyable {
  /// What an opened file is for.
  public enum Access: Sendable {
    case read
    case write
    case readWrite

    var flags: Int32 {
      switch self {
      case .read: O_RDONLY
      case .write: O_WRONLY
      case .readWrite: O_RDWR
      }
    }
  }

  /// How to open a file, besides its access.
  public struct OpenOptions: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// Make the file if there is none.
    public static var create: OpenOptions { OpenOptions(rawValue: O_CREAT) }
    /// With `create`: fail if there is one.
    public static var exclusive: OpenOptions { OpenOptions(rawValue: O_EXCL) }
    /// Empty it.
    public static var truncate: OpenOptions { OpenOptions(rawValue: O_TRUNC) }
    /// Write at the end, wherever that is.
    public static var append: OpenOptions { OpenOptions(rawValue: O_APPEND) }
    /// Past the page cache (`O_DIRECT`): offsets, counts and buffers must be aligned to the disk's blocks.
    public static var direct: OpenOptions { OpenOptions(rawValue: curing_open_direct) }
    /// Fail unless it is a directory.
    public static var directory: OpenOptions { OpenOptions(rawValue: O_DIRECTORY) }
  }

  /// The descriptor, for system calls this type does not offer. Valid while the file is.
  public let descriptor: Int32
  private let isOwned: Bool

  private init(_ descriptor: Int32, isOwned: Bool) {
    self.descriptor = descriptor
    self.isOwned = isOwned
  }

  deinit { if isOwned { _ = Glibc.close(descriptor) } }

  /// Takes a descriptor over: it is closed with the file.
  public init(owning descriptor: Int32) { self.init(descriptor, isOwned: true) }

  /// Uses a descriptor that stays the caller's, such as 0 for standard input.
  public init(borrowing descriptor: Int32) { self.init(descriptor, isOwned: false) }

  // MARK: Operations

  /// Opens a file. The descriptor is closed on exec.
  ///
  /// - Parameter permissions: The mode of a file that is made, before the process's umask.
  /// - Throws: `IOError` with `ENOENT`, `EACCES`, ...; `isCancelled` if the task was cancelled before the kernel
  ///   opened it. A file that was opened all the same is returned.
  nonisolated(nonsending) public static func open(
    _ path: String, _ access: Access, _ options: OpenOptions = [], permissions: UInt32 = 0o644
  ) async throws(IOError) -> File {
    // The kernel reads the path when the entry is submitted, which may be after this function suspended.
    guard let name = unsafe strdup(path) else { throw IOError(operation: "open", code: ENOMEM) }
    defer { unsafe free(name) }
    let flags = access.flags | options.rawValue | O_CLOEXEC
    let descriptor = unsafe try await Operation.perform("open") { entry in
      unsafe curing_prep_openat(entry, name, flags, permissions)
    }
    return File(owning: Int32(descriptor))
  }

  /// Reads bytes into the front of `buffer`.
  ///
  /// - Parameter offset: Where in the file, in bytes; nil reads at the file's own position and moves it on (the only
  ///   way for pipes and terminals).
  /// - Returns: How many bytes were read; 0 at the end.
  /// - Throws: `IOError`. When the task is cancelled the read is, and this returns once the kernel has let go of the
  ///   buffer; bytes that were read all the same are returned.
  nonisolated(nonsending) public borrowing func read(
    into buffer: inout MutableRawSpan, at offset: UInt64? = nil
  ) async throws(IOError) -> Int {
    let descriptor = self.descriptor
    // Sound: the caller's exclusive access to the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe buffer.withUnsafeMutableBytes { ($0.baseAddress, $0.count) }
    return unsafe try await Operation.perform("read") { entry in
      unsafe curing_prep_read(
        entry, descriptor, start, UInt32(clampedToTransfer(count)), offset ?? curing_offset_current)
    }
  }

  /// Writes bytes from the front of `bytes`.
  ///
  /// - Parameter offset: Where in the file, in bytes; nil writes at the file's own position and moves it on.
  /// - Returns: How many were written, which may be fewer than given: see `writeAll`.
  /// - Throws: `IOError`; cancellation as in `read(into:at:)`.
  nonisolated(nonsending) public borrowing func write(
    _ bytes: RawSpan, at offset: UInt64? = nil
  ) async throws(IOError) -> Int {
    let descriptor = self.descriptor
    // Sound: the caller's borrow of the bytes lasts until this returns, and the kernel is done by then.
    let (start, count) = unsafe bytes.withUnsafeBytes { ($0.baseAddress, $0.count) }
    return unsafe try await Operation.perform("write") { entry in
      unsafe curing_prep_write(
        entry, descriptor, start, UInt32(clampedToTransfer(count)), offset ?? curing_offset_current)
    }
  }

  /// Writes all of `bytes` from `offset` on, however many writes that takes.
  ///
  /// - Throws: `IOError`; an unknown part of the bytes may be in the file then.
  nonisolated(nonsending) public borrowing func writeAll(
    _ bytes: RawSpan, at offset: UInt64
  ) async throws(IOError) {
    var done = 0
    while done < bytes.byteCount {
      let written = try await write(bytes.extracting(done..<bytes.byteCount), at: offset + UInt64(done))
      guard written > 0 else { throw IOError(operation: "write", code: EIO) }
      done += written
    }
  }

  /// Waits until what was written and the file's attributes are on the disk (`fsync`).
  nonisolated(nonsending) public borrowing func sync() async throws(IOError) {
    let descriptor = self.descriptor
    _ = unsafe try await Operation.perform("fsync") { entry in unsafe curing_prep_fsync(entry, descriptor, 0)
    }
  }

  /// Waits until what was written, and of the attributes what is needed to read it, is on the disk (`fdatasync`).
  nonisolated(nonsending) public borrowing func syncData() async throws(IOError) {
    let descriptor = self.descriptor
    _ = unsafe try await Operation.perform("fdatasync") { entry in
      unsafe curing_prep_fsync(entry, descriptor, curing_fsync_datasync)
    }
  }

  /// Closes the file and says whether that went well, which the end of its value does not.
  ///
  /// Not ended by cancellation. A descriptor that is not owned is left alone.
  nonisolated(nonsending) public consuming func close() async throws(IOError) {
    let descriptor = self.descriptor
    guard isOwned else {
      discard self
      return
    }
    discard self
    do throws(IOError) {
      // Not again if it is interrupted: what a file system still has to write is, the descriptor is gone before, and another
      // thread may have got its number.
      _ = unsafe try await Operation.perform("close", isRepeatable: false) { entry in
        unsafe curing_prep_close(entry, descriptor)
      }
    } catch {
      guard error.isCancelled else { throw error }
      // Cancelled before it began: the descriptor is still open.
      if Glibc.close(descriptor) != 0 { throw IOError(operation: "close", code: errno) }
    }
  }
}
