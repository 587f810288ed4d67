import FIXArchiveFormat
import FIXWire
import Glibc
import Testing

/// The program as its users see it: output, messages, exit codes.
@Suite struct CommandTests {
  /// An archive of one segment with `messages`, sealed or not, in a directory of its own.
  func makeArchive(_ messages: [[UInt8]], sealing: Bool = true) -> String {
    let header = SegmentHeader(
      archiveID: 1, segmentIndex: 1, firstMessageNumber: 1, creationTime: 1_763_649_003_000_000_000)
    var encoder = SegmentEncoder(header)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { unsafe buffer.deallocate() }
    var used = encoder.encodeHeader(into: buffer)
    for message in messages {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[used...])
      used += unsafe encoder.encodeMessage(message.span.bytes, time: header.creationTime + 42, into: rest)
    }
    if sealing {
      used += encoder.encodeSeal(
        time: 1, into: unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[used...]))
    }
    let directory = temporaryDirectory()
    write(unsafe Array(buffer[..<used]), to: segment(directory))
    return directory
  }

  func segment(_ directory: String) -> String { directory + "/" + ArchiveLayout.segmentName(1) }

  func remove(_ directory: String) {
    unsafe unlink(segment(directory))
    unsafe rmdir(directory)
  }

  static let messages: [[UInt8]] = [Array("8=FIX\u{1}one".utf8), [], [0, 255, 1], Array("three".utf8)]

  @Test(arguments: [false, true])
  func cat_givesTheBytesBack_andVerifyFindsThemSound(sealing: Bool) {
    let directory = makeArchive(Self.messages, sealing: sealing)
    defer { remove(directory) }
    let cat = fixArchive("cat", directory)
    #expect(cat.exitCode == 0)
    #expect(cat.output == Array(Self.messages.joined()))
    #expect(cat.errors.isEmpty)
    let verify = fixArchive("verify", directory)
    #expect(verify.exitCode == 0)
    let text = String(decoding: verify.output, as: UTF8.self)
    #expect(text.contains("messages       4\n"))
    #expect(text.contains("first          2025-11-20T14:30:03.000000042Z\n"))
    #expect(text.contains(sealing ? "end            sealed\n" : "end            open at byte"))
  }

  @Test func verify_ofATornTail_isSound() {
    let directory = makeArchive(Self.messages, sealing: false)
    defer { remove(directory) }
    write(contents(segment(directory)) + [1, 2, 3], to: segment(directory))
    let verify = fixArchive("verify", directory)
    #expect(verify.exitCode == 0)
    #expect(String(decoding: verify.output, as: UTF8.self).contains("torn tail at byte"))
    #expect(fixArchive("cat", directory).output == Array(Self.messages.joined()))
  }

  @Test func damage_isNamedOnStandardError_withWhatCameBeforeItOnStandardOutput() {
    let directory = makeArchive(Self.messages)
    defer { remove(directory) }
    var bytes = contents(segment(directory))
    let last = bytes.lastIndex(of: UInt8(ascii: "h"))!
    bytes[last] ^= 1
    write(bytes, to: segment(directory))
    let verify = fixArchive("verify", directory)
    #expect(verify.exitCode == 1)
    #expect(
      verify.errors.contains("damage: segment 1, byte \(last - 1 - 16): a record whose CRC32C does not match")
    )
    #expect(verify.errors.contains("restore the named segment from a backup"))
    let cat = fixArchive("cat", directory)
    #expect(cat.exitCode == 1)
    #expect(cat.output == Array(Self.messages[..<3].joined()))
    #expect(cat.errors.contains("the archive is damaged"))
  }

  @Test(arguments: [["cat"], ["tail"], ["verify"], ["record", "--input", "/dev/null", "--archive"]])
  func header_withAnImpossibleNumber_isNamedAsDamage(command: [String]) {
    let directory = makeArchive([])
    defer {
      unsafe unlink(directory + "/lock")
      remove(directory)
    }
    var bytes = contents(segment(directory))
    let header = SegmentHeader(archiveID: 1, segmentIndex: 1, firstMessageNumber: 0, creationTime: 1)
    unsafe bytes.withUnsafeMutableBytes { header.encode(into: $0) }
    write(bytes, to: segment(directory))
    let ended = RunningProgram(command + [directory]).finish()
    #expect(ended.exitCode == 1)
    #expect(ended.errors.contains("segment 1, byte 0: the header leads to message number 0, but messages"))
  }

  @Test(arguments: ["cat", "verify"])
  func path_thatIsNoArchive_isAClearError(command: String) {
    let directory = temporaryDirectory()
    defer { remove(directory) }
    let empty = fixArchive(command, directory)
    #expect(empty.exitCode == 1)
    #expect(empty.errors.contains("is not an archive"))
    let missing = fixArchive(command, directory + "/missing")
    #expect(missing.exitCode == 1)
    #expect(missing.errors.contains("there is no directory"))
    #expect(fixArchive(command).exitCode == 64)
  }

  @Test func generate_writesWhatTheGeneratorMakes_toAFileAndToStandardOutput() {
    let directory = temporaryDirectory()
    defer { remove(directory) }
    let toFile = fixArchive(
      "generate", "--messages", "3000", "--seed", "7", "--profile", "orders", "--output", segment(directory))
    #expect(toFile.exitCode == 0)
    let toOutput = fixArchive("generate", "--messages", "3000", "--seed", "7", "--profile", "orders")
    #expect(toOutput.exitCode == 0)
    #expect(toOutput.output == contents(segment(directory)))
    var buffer = StreamBuffer(capacity: 1 << 20)
    _ = unsafe buffer.fill { region in
      unsafe region.copyBytes(from: toOutput.output)
      return toOutput.output.count
    }
    buffer.finish()
    _ = buffer.drain(message: { _ in true }, reject: { _, _ in })
    #expect(buffer.counts.messages == 3000)
    #expect(buffer.counts.rejects == 0)
    #expect(fixArchive("generate", "--messages", "-3").exitCode == 64)
  }
}
