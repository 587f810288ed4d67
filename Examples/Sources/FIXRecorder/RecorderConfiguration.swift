/// What to record, where to, and how.
public struct RecorderConfiguration: Sendable {
  /// Where the messages come from.
  public enum Input: Sendable, Equatable {
    /// A file, read from its start to its end by threads of their own. A FIFO, or a device other than a disk, is read
    /// like a descriptor, from when somebody writes to it, and by one producer.
    case file(String)
    /// A descriptor that is read until its end, such as 0: a pipe, a terminal, a file.
    case descriptor(Int32)
    /// TCP connections on an address; port 0 lets the system choose. The recorder ends when `connections` of them
    /// have closed, or with `nil` when it is told to stop.
    case listen(host: String, port: UInt16, connections: Int?)
  }

  /// When what was received is forced to the disk.
  public enum Sync: Sendable, Equatable {
    /// At the end of a segment only. Written, for other processes to see, within a second.
    case never
    /// As long as there is something new, once in this time.
    case interval(Duration)
    /// As soon as it was received: one sync begins when the one before has completed, and covers all that came
    /// meanwhile.
    case everyBatch
  }

  /// The archive's directory; made where it is missing.
  public var directory: String
  /// Where the messages come from.
  public var input: Input
  /// When what was received is forced to the disk.
  public var sync = Sync.interval(.milliseconds(100))
  /// A segment that has this many bytes is sealed, and another begins.
  public var segmentBytes = 1 << 30
  /// Threads that put the messages of a file into the ring. With more than one the archive does not keep their order:
  /// each thread keeps that of the batches it is dealt, but those of different threads mix, and after a crash what is
  /// durable is no prefix of the file.
  public var producers = 1
  /// The ring between producers and the archive, in bytes; rounded up to a power of two.
  public var ringBytes = 4 << 20
  /// Longer messages are rejected. The default is the framer's, 1 MiB.
  public var maximumMessageLength = 1 << 20
  /// How often progress is told.
  public var progressInterval = Duration.seconds(1)

  /// A descriptor that becomes readable when the recorder shall end in order: a signalfd, an eventfd.
  public var stopDescriptor: Int32?

  /// Is told what is done to the segments' files.
  var diskProbe: DiskProbe?

  /// A recorder of `input` into `directory`, with defaults that suit most.
  public init(directory: String, input: Input) {
    self.directory = directory
    self.input = input
  }

  /// The smallest ring for messages of `length` bytes: the largest record is less than half of a ring.
  public static func smallestRing(forMessagesOf length: Int) -> Int {
    var size = 1 << 16
    while size / 2 < length + 4096 { size *= 2 }
    return size
  }
}
