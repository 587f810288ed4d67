import FIXWire
import Testing

/// The maximum message length: what is kept, what is rejected, and that no input makes the buffer grow.
@Suite struct LimitTests {
  static let good = message("35=0|49=A|56=B|34=1|")

  static func padded(toLength length: Int) -> [UInt8] {
    // 8=FIX.4.4|9=ddd| and 10=ddd| are 23 bytes together.
    message(fix("58=") + [UInt8](repeating: 0x41, count: length - 23 - 4) + [1])
  }

  @Test func message_ofTheMaximumLength_isKept_andOneByteMoreIsNot() {
    let largest = Self.padded(toLength: 256)
    #expect(largest.count == 256)
    #expect(frame(Self.good + largest + Self.good, maximumMessageLength: 256).messages.count == 3)
    let over = Self.padded(toLength: 257)
    let framed = frame(Self.good + over + Self.good, maximumMessageLength: 256)
    #expect(framed.messages == [Self.good, Self.good])
    #expect(framed.faults == [.tooLarge])
    #expect(framed.rejects[0].bytes == over)
  }

  @Test(arguments: [100, 255, 256, 257, 512, 513, 5000])
  func garbage_ofAnyLength_isOneRun(length: Int) {
    let noise = (0..<length).map { UInt8(truncatingIfNeeded: $0 % 7 == 0 ? 0x38 : 0x61) }
    let stream = Self.good + noise + Self.good
    let whole = frame(stream, maximumMessageLength: 256)
    #expect(whole.messages == [Self.good, Self.good])
    #expect(whole.counts.count(of: .garbage) == 1)
    #expect(whole.counts.bytes(of: .garbage) == length)
    for seed in 0..<5 {
      #expect(
        frame(randomChunks(of: stream, seed: UInt64(seed), longest: 90), maximumMessageLength: 256) == whole)
    }
  }

  @Test func message_farBeyondTheMaximum_isOneFaultOfItsWholeLength() {
    let huge = Self.padded(toLength: 900)
    let stream = Self.good + huge + Self.good
    let framed = frame(stream, maximumMessageLength: 128)
    #expect(framed.messages == [Self.good, Self.good])
    #expect(framed.counts.rejects == 1)
    #expect(framed.counts.bytes(of: .tooLarge) == huge.count)
    #expect(frame(stream.indices.map { stream[$0...$0] }, maximumMessageLength: 128) == framed)
  }

  @Test func drain_whenAMessageIsDeclined_offersItAgain() {
    var buffer = StreamBuffer(capacity: 4096, maximumMessageLength: 256)
    let stream = Self.good + Self.good
    _ = unsafe buffer.fill { region in
      unsafe region.copyBytes(from: stream)
      return stream.count
    }
    var seen = 0
    let first = buffer.drain(
      message: { _ in
        seen += 1
        return seen < 2
      }, reject: { _, _ in })
    #expect(first == .declined)
    #expect(buffer.counts.messages == 1)
    buffer.finish()
    let second = buffer.drain(message: { $0.array == Self.good }, reject: { _, _ in })
    #expect(second == .finished)
    #expect(buffer.counts.messages == 2)
  }

  @Test func drain_whileARegionIsBeingFilled_framesWhatWasThereBefore() {
    var buffer = StreamBuffer(capacity: 4096, maximumMessageLength: 256)
    _ = unsafe buffer.fill { region in
      unsafe region.copyBytes(from: Self.good)
      return Self.good.count
    }
    let region = unsafe buffer.writableRegion()
    var seen = 0
    let drained = buffer.drain(
      message: { _ in
        seen += 1
        return true
      }, reject: { _, _ in })
    #expect(drained == .needsInput)
    #expect(seen == 1)
    unsafe region.copyBytes(from: Self.good)
    buffer.didWrite(Self.good.count)
    _ = buffer.drain(message: { $0.array == Self.good }, reject: { _, _ in })
    #expect(buffer.counts.messages == 2)
  }
}
