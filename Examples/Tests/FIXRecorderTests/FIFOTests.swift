import FIXArchiveFormat
import FIXRecorder
import Glibc
import Testing

/// An input named by a path that is no regular file: it may have nothing to read, and must be left when told so.
@Suite(.serialized) struct FIFOTests {
  let directory = TemporaryDirectory()
  let stop = Pipe()

  var path: String { directory.path + "/fifo" }

  var configuration: RecorderConfiguration {
    var configuration = RecorderConfiguration(directory: directory.archive, input: .file(path))
    configuration.stopDescriptor = stop.readEnd
    configuration.sync = .everyBatch
    return configuration
  }

  init() { precondition(unsafe mkfifo(path, 0o600) == 0, "cannot make a FIFO") }

  /// Both ends at once, which waits for nobody.
  func openBothEnds() -> Int32 { unsafe open(path, O_RDWR | O_CLOEXEC) }

  @Test func stop_beforeAnybodyWrites_ends() throws {
    let recorder = RunningRecorder(configuration)
    usleep(50_000)
    write([1], to: stop.writeEnd)
    #expect(recorder.endsInTime(), "opening the FIFO cannot be stopped")
    close(openBothEnds())
    let summary = try recorder.finish()
    #expect(summary.wasStopped)
    #expect(summary.durable.messages == 0)
  }

  @Test func stop_whileTheWriterIsIdle_recordsWhatCame_andEnds() throws {
    let sent = traffic(100)
    let writer = openBothEnds()
    let recorder = RunningRecorder(configuration)
    write(Array(sent.joined()), to: writer)
    #expect(eventually { recorder.reportedSyncs.last?.messages == 100 })
    write([1], to: stop.writeEnd)
    #expect(recorder.endsInTime(), "reading the FIFO cannot be stopped")
    close(writer)
    #expect(try recorder.finish().wasStopped)
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test(arguments: [0, 3000])
  func writer_thatComesLater_isRecordedToItsEnd(count: Int) throws {
    let sent = traffic(count)
    let recorder = RunningRecorder(configuration)
    usleep(50_000)
    let writer = unsafe open(path, O_WRONLY | O_CLOEXEC)
    write(Array(sent.joined()), to: writer)
    close(writer)
    let summary = try recorder.finish()
    #expect(!summary.wasStopped)
    #expect(summary.inputError == nil)
    #expect(try messages(of: directory.archive) == sent)
  }

  @Test func severalProducers_areAClearError() throws {
    let writer = openBothEnds()
    write(traffic(1)[0], to: writer)
    var configuration = configuration
    configuration.producers = 2
    let recorder = RunningRecorder(configuration)
    #expect(recorder.endsInTime())
    close(writer)
    do {
      _ = try recorder.finish()
      Issue.record("a stream was recorded by two producers")
    } catch {
      #expect("\(error)".contains("\(path): it is no regular file, and a stream has one producer"))
    }
  }
}
