import CArchiveKernels
import FIXRecorder
import FIXWire
import Glibc
import Testing

/// Bad messages: counted, kept, and never in the way.
@Suite(.serialized) struct RejectTests {
  /// A reject file read with FORMAT.md alone.
  struct Kept: Equatable {
    var kind: UInt32
    var isContinuation: Bool
    var stream: UInt64
    var offset: Int
    var bytes: [UInt8]

    static func read(_ path: String) -> [Kept] {
      let file = contents(path)
      var kept: [Kept] = []
      var place = 0
      func number(_ offset: Int, _ size: Int) -> UInt64 {
        (0..<size).reduce(0) { $0 | UInt64(file[place + offset + $1]) << UInt64(8 * $1) }
      }
      while place < file.count {
        precondition(Array(file[place..<place + 4]) == Array("FXRJ".utf8))
        let length = Int(number(16, 8))
        let check = unsafe file.withUnsafeBytes {
          unsafe nx_crc32c(0, $0.baseAddress! + place + 8, 40 + length)
        }
        precondition(UInt64(check) == number(4, 4))
        kept.append(
          Kept(
            kind: UInt32(number(8, 4)), isContinuation: number(12, 4) == 1, stream: number(24, 8),
            offset: Int(number(32, 8)), bytes: Array(file[place + 48..<place + 48 + length])))
        place += 48 + length
      }
      return kept
    }
  }

  @Test(arguments: [1, 3])
  func rejects_areKeptWithTheirPlace_andEveryByteIsAccountedFor(producers: Int) throws {
    let directory = TemporaryDirectory()
    let good = traffic(9_000)
    var input: [UInt8] = []
    var expected: [Kept] = []
    for (index, message) in good.enumerated() {
      if index % 100 == 7 {
        var damaged = message
        damaged[damaged.count - 2] = damaged[damaged.count - 2] == 0x30 ? 0x31 : 0x30
        expected.append(Kept(kind: 1, isContinuation: false, stream: 1, offset: input.count, bytes: damaged))
        input += damaged
      }
      if index % 150 == 11 {
        let noise = Array("noise \(index) 8=FI".utf8)
        expected.append(Kept(kind: 3, isContinuation: false, stream: 1, offset: input.count, bytes: noise))
        input += noise
      }
      input += message
    }
    expected.append(
      Kept(kind: 4, isContinuation: false, stream: 1, offset: input.count, bytes: Array(good[0].prefix(40))))
    input += good[0].prefix(40)

    var configuration = RecorderConfiguration(
      directory: directory.archive, input: .file(directory.input(input)))
    configuration.producers = producers
    let summary = try record(configuration)
    #expect(summary.framing.messages == good.count)
    #expect(summary.framing.bytes == input.count)
    #expect(summary.framing.count(of: .badChecksum) == 90)
    #expect(summary.framing.count(of: .truncatedEnd) == 1)
    #expect(summary.lostRejectBytes == 0)
    #expect(Kept.read(try #require(summary.rejectFile)) == expected)
    if producers == 1 { #expect(try messages(of: directory.archive) == good) }
  }

  @Test func garbageWithoutEnd_isKeptInPieces_inBoundedMemory() throws {
    let directory = TemporaryDirectory()
    var random = SplitMix64(seed: 3)
    let noise = (0..<3 << 20).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let sent = traffic(2)
    let pipe = Pipe()
    var configuration = RecorderConfiguration(directory: directory.archive, input: .descriptor(pipe.readEnd))
    configuration.maximumMessageLength = 1 << 16
    let recorder = RunningRecorder(configuration)
    write(sent[0] + noise + sent[1], to: pipe.writeEnd)
    close(pipe.writeEnd)
    let summary = try recorder.finish()
    #expect(try messages(of: directory.archive) == sent)
    let kept = Kept.read(try #require(summary.rejectFile))
    #expect(Array(kept.map(\.bytes).joined()) == noise)
    #expect(summary.framing.rejects == kept.count { !$0.isContinuation })
  }
}
