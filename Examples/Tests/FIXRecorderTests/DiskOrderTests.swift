import FIXArchiveFormat
import Glibc
import NexusRT
import Testing

@testable import FIXRecorder

/// What the disk may do with writes that no sync has covered: fail one and take the next, keep one and lose another.
/// None of it is damage.
@Suite(.serialized) struct DiskOrderTests {
  /// More than one buffer, less than two.
  static let sent = Array(repeatElement(traffic(4_000), count: 7).joined())

  static func configuration(_ directory: TemporaryDirectory) -> RecorderConfiguration {
    RecorderConfiguration(directory: directory.archive, input: .file(directory.input(Array(sent.joined()))))
  }

  @Test func write_thatFailsAfterALaterOneSucceeded_leavesATornTail_andRecordingGoesOn() throws {
    let directory = TemporaryDirectory()
    var configuration = Self.configuration(directory)
    configuration.sync = .never
    let laterIsDone = Shared(false)
    configuration.diskProbe = { (step) async throws(IOError) in
      switch step {
      case .willWrite(path: _, let range) where range.lowerBound == ArchiveLayout.segmentHeaderSize:
        for _ in 0..<10_000 where !laterIsDone.value { try? await sleep(for: .milliseconds(1)) }
        throw IOError(operation: "write", code: ENOSPC)
      case .didWrite: laterIsDone.change { $0 = true }
      case .willWrite, .willSync, .didSync: break
      }
    }
    #expect(throws: RecorderError.self) { _ = try record(configuration) }
    #expect(laterIsDone.value)

    let found = try ArchiveVerification(checking: directory.archive)
    #expect(found.damages == [])
    #expect(found.end == .tornTail(at: ArchiveLayout.segmentHeaderSize, .unwritten))
    configuration.diskProbe = nil
    #expect(try record(configuration).durable.messages == Self.sent.count)
    #expect(try messages(of: directory.archive) == Self.sent)
  }

  /// What is in the file when the power fails: what a sync has covered, and the last block of the last write.
  struct Survivor {
    var synced: [Range<Int>]
    var block: Range<Int>
    /// Writes that have begun before this one and are not covered by a sync.
    var lost: Int
  }

  /// What can survive of a segment, one case for each of its writes in order.
  static func survivors(_ steps: [DiskStep], of path: String) -> [Survivor] {
    var synced: [Range<Int>] = []
    var written: [Range<Int>] = []
    var coveredBySync: [Range<Int>] = []
    var begun: [Range<Int>] = []
    var survivors: [Survivor] = []
    for step in steps {
      switch step {
      case .willWrite(path: path, let range):
        let block = range.upperBound - ArchiveLayout.blockSize..<range.upperBound
        survivors.append(
          Survivor(synced: synced, block: block, lost: begun.count { !synced.contains($0) }))
        begun.append(range)
      case .didWrite(path: path, let range): written.append(range)
      case .willSync(path: path): coveredBySync = written
      case .didSync(path: path): synced = coveredBySync
      case .willWrite, .didWrite, .willSync, .didSync: break
      }
    }
    return survivors
  }

  @Test(arguments: [1 << 22, 1 << 30], RecordTests.policies)
  func power_lostWhenTheDiskHasTheLastBlockAlone_leavesNoDamage(
    segmentBytes: Int, sync: RecorderConfiguration.Sync
  ) throws {
    let directory = TemporaryDirectory()
    var configuration = Self.configuration(directory)
    configuration.sync = sync
    configuration.segmentBytes = segmentBytes
    let steps = Shared<[DiskStep]>([])
    configuration.diskProbe = { step in steps.change { $0.append(step) } }
    #expect((try record(configuration).segments > 1) == (segmentBytes == 1 << 22))

    let path = directory.archive + "/" + ArchiveLayout.segmentName(1)
    let bytes = contents(path)
    let survivors = Self.survivors(steps.value, of: path)
    // The seal is alone in the last write, and all before it is on the disk.
    #expect(survivors.last?.lost == 0)
    for survivor in survivors.suffix(4) {
      let image = TemporaryDirectory()
      let file = unsafe open(image.path + "/" + ArchiveLayout.segmentName(1), O_WRONLY | O_CREAT, 0o600)
      for range in [0..<ArchiveLayout.segmentHeaderSize] + survivor.synced + [survivor.block] {
        lseek(file, off_t(range.lowerBound), SEEK_SET)
        write(Array(bytes[range]), to: file)
      }
      close(file)
      let found = try ArchiveVerification(checking: image.path)
      #expect(found.damages == [], "of \(survivors.count) writes; \(survivor.lost) lost before the last")
    }
  }
}
