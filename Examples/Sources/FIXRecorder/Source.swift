internal import Glibc
internal import NexusRT

/// An input that was opened.
enum Source: ~Copyable {
  /// A file that is always ready to be read: a thread may wait for it.
  case file(Int32, path: String)
  /// What can keep its reader waiting, and so is read by a task that can be told to stop.
  case stream(File, name: String)
  case listener(TCPListener, connections: Int?)

  /// Opens the input. Waits only for a FIFO's writer, and not once the recorder shall stop.
  init(_ configuration: RecorderConfiguration) throws(RecorderError) {
    switch configuration.input {
    case .file(let path): try self.init(opening: path, configuration)
    case .descriptor(let descriptor):
      self = .stream(File(borrowing: descriptor), name: "standard input")
    case .listen(let host, let port, let connections):
      do throws(IOError) {
        self = .listener(try TCPListener(host: host, port: port), connections: connections)
      } catch {
        throw .listen("\(host):\(port)", reason: error.description)
      }
    }
  }

  /// Opens what has a path. A regular file and a disk are files; a FIFO, a terminal or another device is a stream.
  private init(opening path: String, _ configuration: RecorderConfiguration) throws(RecorderError) {
    // Else opening a FIFO would wait for its writer, and a terminal for its line, where no stop can end the wait.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    if descriptor < 0 { throw .input(path, reason: describe(errno: errno)) }
    do throws(RecorderError) {
      switch try Self.kind(of: descriptor, path) {
      case S_IFDIR: throw .input(path, reason: describe(errno: EISDIR))
      case S_IFREG, S_IFBLK:
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        self = .file(descriptor, path: path)
      case let kind:
        guard configuration.producers == 1 else {
          throw .input(
            path, reason: "it is no regular file, and a stream has one producer, not several threads")
        }
        if kind == S_IFIFO { Self.waitForWriter(of: descriptor, orStop: configuration.stopDescriptor) }
        // From here on it is the ring that waits.
        if fcntl(descriptor, F_SETFL, 0) != 0 { throw .input(path, reason: describe(errno: errno)) }
        self = .stream(File(owning: descriptor), name: path)
      }
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func kind(of descriptor: Int32, _ path: String) throws(RecorderError) -> mode_t {
    var status = stat()
    if unsafe fstat(descriptor, &status) != 0 { throw .input(path, reason: describe(errno: errno)) }
    return status.st_mode & S_IFMT
  }

  /// Waits until a writer of the FIFO has left something or has gone: a read would find the end of the input before
  /// the first one has come. Returns early if the recorder shall stop.
  private static func waitForWriter(of fifo: Int32, orStop stop: Int32?) {
    var waited = [
      pollfd(fd: fifo, events: Int16(POLLIN), revents: 0),
      // One that is negative is not looked at.
      pollfd(fd: stop ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while unsafe poll(&waited, nfds_t(waited.count), -1) < 0 && errno == EINTR {}
  }
}
