import FIXWire
import Testing

/// Streams made of good messages and random faults, and streams mutated at random.
@Suite struct FuzzTests {
  /// One message with the fields of real traffic, some with data that holds anything.
  static func randomMessage(_ random: inout SplitMix64) -> [UInt8] {
    if random.below(8) == 0 {
      let data = (0..<random.below(300)).map { _ in UInt8(random.below(256)) }
      return message(fix("35=B|148=h|95=\(data.count)|96=") + data + fix("|58=t|"))
    }
    var generator = FIXGenerator(seed: random.next(), profile: .mixed)
    return unsafe [UInt8](unsafeUninitializedCapacity: 8 * FIXGenerator.maximumMessageLength) {
      buffer, count in
      var bytes = 0
      for _ in 0...random.below(6) {
        bytes = unsafe generator.writeMessage(into: UnsafeMutableRawBufferPointer(buffer))
      }
      count = bytes
    }
  }

  /// A fault as bytes: what a careless peer, a lost packet or a bad disk leaves.
  static func randomFault(_ random: inout SplitMix64) -> [UInt8] {
    let message = randomMessage(&random)
    switch random.below(7) {
    case 0: return message.withBadChecksum
    case 1: return message.declaring("\(message.declaredLength + 7)")
    case 2: return message.declaring("\(random.below(3000))")
    case 3: return Array(message.prefix(random.below(message.count)))
    case 4: return (0..<1 + random.below(40)).map { _ in UInt8(random.below(256)) }
    case 5: return fix(["|", "8=FIX", "8=FIX.4.4|", "8=FIX.4.4|9=", "10=123|", "9=5|8="][random.below(6)])
    default:
      var copy = message
      copy[random.below(copy.count)] ^= UInt8(1 << random.below(8))
      return copy
    }
  }

  @Test(arguments: 0..<60)
  func stream_withRandomFaults_keepsEveryGoodMessage(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var stream: [UInt8] = []
    var good: [[UInt8]] = []
    for _ in 0..<200 {
      if random.below(4) == 0 {
        for _ in 0...random.below(2) { stream += Self.randomFault(&random) }
      } else {
        good.append(Self.randomMessage(&random))
        stream += good.last!
      }
    }
    let framed = frame(stream)
    #expect(framed.counts.bytes == stream.count)
    // A flipped bit may be in a version number and leave a message that is sound but for its checksum; a
    // length may by chance be right. So the good ones must be there in order, and hardly any besides.
    var rest = framed.messages[...]
    var missing = 0
    for message in good {
      if let index = rest.firstIndex(of: message) { rest = rest[(index + 1)...] } else { missing += 1 }
    }
    #expect(missing == 0)
    #expect(framed.messages.count - good.count <= 3)
    for part in 1...4 {
      let chunks = randomChunks(
        of: stream, seed: seed &* 7 &+ UInt64(part), longest: [3, 50, 700, 5000][part - 1])
      #expect(frame(chunks) == framed)
    }
  }

  @Test(arguments: 0..<40)
  func stream_mutatedAnywhere_isAccountedForByteByByte(seed: UInt64) {
    var random = SplitMix64(seed: 1000 + seed)
    var stream = (0..<40).flatMap { _ in Self.randomMessage(&random) }
    for _ in 0..<random.below(60) {
      let place = random.below(stream.count)
      switch random.below(4) {
      case 0: stream[place] = UInt8(random.below(256))
      case 1: stream.insert(1, at: place)
      case 2: stream.removeSubrange(place..<min(stream.count, place + 1 + random.below(60)))
      default: stream.insert(contentsOf: stream.suffix(random.below(90)), at: place)
      }
    }
    let framed = frame(stream, maximumMessageLength: 512)
    #expect(framed.counts.bytes == stream.count)
    #expect(frame(randomChunks(of: stream, seed: seed, longest: 20), maximumMessageLength: 512) == framed)
  }

  @Test(arguments: 0..<10)
  func stream_ofNothingButNoise_hasNoMessage(seed: UInt64) {
    var random = SplitMix64(seed: 50 + seed)
    let alphabet = fix("8=FIX.4.4|9=10=|95=96=0123456789|")
    let noise = (0..<20_000).map { _ in alphabet[random.below(alphabet.count)] }
    let framed = frame(noise, maximumMessageLength: 1024)
    #expect(framed.messages.isEmpty)
    #expect(framed.counts.bytes == noise.count)
    #expect(frame(randomChunks(of: noise, seed: seed, longest: 100), maximumMessageLength: 1024) == framed)
  }
}
