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

  @Test(arguments: [1 << 20, 4096])
  func startsWithoutAMessage_thatAllReachFar_areNotSummedToTheirEnds(chunk: Int) {
    let stream = Self.startsOfOneMessage(50_000)
    var buffer = StreamBuffer()
    var rejects = 0
    var place = 0
    while !buffer.isFinal {
      place += unsafe buffer.fill { region in
        let count = min(chunk, region.count, stream.count - place)
        unsafe region.copyBytes(from: stream[place..<place + count])
        return count
      }
      if place == stream.count { buffer.finish() }
      _ = buffer.drain(
        message: { _ in true },
        reject: { reject, _ in
          #expect(reject.length == 20 || rejects == 49_999)
          rejects += 1
        })
    }
    #expect(rejects == 50_000)
    #expect(buffer.counts.count(of: .badBodyLength) == 49_999)
    #expect(buffer.framer.summed < 100 * stream.count)
  }
}
