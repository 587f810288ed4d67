internal import Glibc

/// A place of an archive where bytes that were once written are no longer what was written.
///
/// A torn tail is no damage: it is what a crash leaves behind the last synced record.
public struct ArchiveDamage: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Reason: Sendable, Equatable {
    /// The header block is not a header, and records follow it.
    case badHeader
    /// The header is another segment's: of another archive, or under a wrong name.
    case foreignHeader
    /// The header's first message number does not follow the segment before.
    case messageGap(expected: UInt64, found: UInt64)
    /// The header's first message number, or that of the message that would follow the segment, is not in
    /// `ArchiveLayout.messageNumbers`.
    case impossibleMessageNumber(UInt64)
    /// No file has this index, and later ones exist.
    case missingSegment
    /// A record is invalid, and the rest of the segment proves that it was durable.
    case badRecord(RecordFault)
    /// The segment ends without a seal, and another follows it.
    case unsealed
    /// The seal does not count what the segment holds.
    case sealMismatch
    /// Something stands behind the seal.
    case bytesBehindSeal
  }

  /// The index of the segment.
  public let segment: UInt64
  /// Its file.
  public let path: String
  /// The place in the file, in bytes.
  public let offset: Int
  public let reason: Reason

  public var description: String {
    "segment \(segment), byte \(offset): \(what) (\(path))"
  }

  /// What the owner of the archive can do.
  public static let advice =
    "Keep a copy of the directory and restore the named segment from a backup. `cat` prints everything before "
    + "the damage; to record on, use a new directory."

  private var what: String {
    switch reason {
    case .badHeader: "the segment header is damaged"
    case .foreignHeader: "the header belongs to another segment or archive"
    case .messageGap(let expected, let found):
      "the segment begins with message \(found) where message \(expected) must follow"
    case .impossibleMessageNumber(let number):
      "the header leads to message number \(number), but messages are numbered from 1 to 2^62"
    case .missingSegment: "the segment is missing"
    case .badRecord(let fault):
      switch fault {
      case .unwritten: "zeros where a record was durable"
      case .unknownKind(let kind): "a record of unknown kind \(kind)"
      case .badLength(let length): "a record with an impossible length of \(length) bytes"
      case .beyondEnd: "a record that reaches beyond the end of the file"
      case .badCheck: "a record whose CRC32C does not match"
      case .dirtyPadding: "bytes behind a record's payload that should be zero"
      }
    case .unsealed: "the segment ends without a seal though another follows"
    case .sealMismatch: "the seal does not match the messages before it"
    case .bytesBehindSeal: "bytes behind the seal that should be zero"
    }
  }
}

/// Why an archive cannot be opened, read or recovered.
public enum ArchiveError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is nothing at this path.
  case noSuchDirectory(String)
  /// The path is something else.
  case notADirectory(String)
  /// The directory holds no segment.
  case notAnArchive(String)
  /// Another process records into this archive.
  case inUse(directory: String, byProcess: Int?)
  /// A segment was written by a later version.
  case unsupportedVersion(path: String, version: UInt32)
  /// The archive is damaged.
  case damaged(ArchiveDamage)
  /// The system refused an operation.
  case system(operation: String, path: String, errno: Int32)

  public var description: String {
    switch self {
    case .noSuchDirectory(let path):
      return "there is no directory \(path): give the directory that was named to `record --archive`"
    case .notADirectory(let path):
      return "\(path) is not a directory: an archive is a directory of segment files, give that"
    case .notAnArchive(let path):
      return "\(path) is not an archive: it holds no segment file (0000000000000001.nxa)"
    case .inUse(let directory, let process):
      let who = process.map { "process \($0)" } ?? "another process"
      return "\(who) is recording into \(directory): stop it first, or record into another directory"
    case .unsupportedVersion(let path, let version):
      return "\(path) has format version \(version), this program reads version \(ArchiveLayout.version): "
        + "use a newer fix-archive"
    case .damaged(let damage):
      return "the archive is damaged: \(damage). \(ArchiveDamage.advice)"
    case .system(let operation, let path, let code):
      // SAFETY: strerror returns a C string that is copied before any other call.
      let reason = unsafe String(cString: strerror(code))
      return "cannot \(operation) \(path): \(reason)"
    }
  }
}
