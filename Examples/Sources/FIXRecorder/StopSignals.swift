internal import CRecorder
internal import Glibc

extension Recorder {
  /// Turns SIGINT and SIGTERM into something to read: a descriptor for `RecorderConfiguration.stopDescriptor`. To be
  /// called before any thread is started, since it is each thread that blocks the signals.
  public static func openStopSignals() throws(RecorderError) -> Int32 {
    let descriptor = recorder_open_signals()
    if descriptor < 0 { throw .system("cannot take over SIGINT and SIGTERM: \(describe(errno: errno))") }
    return descriptor
  }
}
