import Testing

@testable import FIXWire

/// Input made to be expensive: how much is done for it, counted and not timed.
@Suite struct HostileTests {
  /// Starts of 20 bytes, each of a message that would end with the same trailer, which is nobody's.
  static func startsOfOneMessage(_ count: Int) -> [UInt8] {
    let width = 20
    let starts = (0..<count).map { index in
      let length = String((count - 1 - index) * width)
      return fix("8=FIX.4.4|9=" + String(repeating: "0", count: 7 - length.count) + length + "|")
    }
    return Array(starts.joined()) + fix("10=999|")
  }

  /// Frames `stream` in pieces of `chunk` bytes at most, and checks that no more was summed than so often every byte.
  func frame(_ stream: [UInt8], chunk: Int, sumsPerByte: Int) -> FramingCounts {
    var buffer = StreamBuffer()
    var place = 0
    while !buffer.isFinal {
      place += unsafe buffer.fill { region in
        let count = min(chunk, region.count, stream.count - place)
        unsafe region.copyBytes(from: stream[place..<place + count])
        return count
      }
      if place == stream.count { buffer.finish() }
      _ = buffer.drain(message: { _ in true }, reject: { _, _ in })
    }
    #expect(buffer.framer.summed < sumsPerByte * stream.count)
    return buffer.counts
  }

  @Test(arguments: [1 << 20, 4096])
  func startsWithoutAMessage_thatAllReachFar_areNotSummedToTheirEnds(chunk: Int) {
    let stream = Self.startsOfOneMessage(50_000)
    let counts = frame(stream, chunk: chunk, sumsPerByte: 100)
    #expect(counts.count(of: .badBodyLength) == 49_999)
    #expect(counts.count(of: .badChecksum) == 1)
    #expect(counts.bytes == stream.count)
  }

  @Test(arguments: [1 << 20, 500])
  func dataInsideData_isSearchedOnce(chunk: Int) {
    // Each field claims the rest up to a place inside the last message, which is why none is believed.
    let last = message("35=0|58=straddles|")
    let starts = Self.startsOfOneMessage(2000)
    let claims = (0..<100).map { index in
      let length = String((99 - index) * 15 + 1 + starts.count + last.firstIndex(of: UInt8(ascii: "3"))! + 4)
      return fix("95=" + String(repeating: "0", count: 7 - length.count) + length + "|96=|")
    }
    let stream = fix("8=FIX.4.4|9=1000000|35=B|") + claims.joined() + starts + last
    let counts = frame(stream, chunk: chunk, sumsPerByte: 100)
    #expect(counts.messages == 1)
    #expect(counts.rejects == 2001)
    #expect(counts.bytes == stream.count)
  }
}
