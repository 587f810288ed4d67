// The pipeline at both of its ends: when the sources are done, and when the time is up.

import Glibc
import NexusRT
import Testing

@testable import tick_pipeline

@Suite struct TickPipelineTests {
  /// Runs it on a thread of its own, since a thread has one runtime at most; the size is that of the file it wrote.
  func run(ticksPerSource: Int, limit: Duration) throws -> (counts: Counts, fileSize: Int) {
    let path = "/tmp/tick-pipeline-\(UInt64.random(in: 0 ... .max))"
    defer { unsafe unlink(path) }
    let pipeline = TickPipeline(ticksPerSource: ticksPerSource, limit: limit, archive: path)
    let counts = try startThread(pipeline) { try $0.run() }.join()
    var status = stat()
    unsafe stat(path, &status)
    return (counts, Int(status.st_size))
  }

  @Test func sourcesThatEnd_areAppliedPublishedAndArchivedInFull() throws {
    let (counts, fileSize) = try run(ticksPerSource: 5_000, limit: .seconds(60))
    #expect(counts.isSound)
    #expect(!counts.wasStopped)
    #expect(counts.applied == 4 * 5_000)
    #expect(counts.subscribers.count == 2)
    #expect(counts.published > 0)
    #expect(fileSize == 4 * 5_000 * TickPipeline.recordSize)
  }

  @Test func timeLimit_stopsThreadsAndTasks_andNothingTakenIsLost() throws {
    let (counts, fileSize) = try run(ticksPerSource: .max, limit: .milliseconds(50))
    #expect(counts.isSound)
    #expect(counts.wasStopped)
    #expect(counts.applied > 0)
    #expect(fileSize == counts.archivedBytes)
  }

  @Test func noTicks_endAtOnce() throws {
    let (counts, fileSize) = try run(ticksPerSource: 0, limit: .seconds(60))
    #expect(counts.isSound)
    #expect(counts.sent == 0 && counts.published == 0)
    #expect(fileSize == 0)
  }
}
