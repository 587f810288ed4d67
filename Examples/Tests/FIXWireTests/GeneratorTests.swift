import FIXWire
import Testing

/// Generated traffic is what a FIX engine would accept, and the same for the same seed.
@Suite struct GeneratorTests {
  static func stream(messages: Int, seed: UInt64, profile: FIXGenerator.Profile) -> [UInt8] {
    var generator = FIXGenerator(seed: seed, profile: profile)
    return unsafe [UInt8](unsafeUninitializedCapacity: messages * FIXGenerator.maximumMessageLength) {
      buffer, count in
      count = unsafe generator.fill(UnsafeMutableRawBufferPointer(buffer), limit: messages).bytes
    }
  }

  @Test(arguments: FIXGenerator.Profile.allCases)
  func traffic_isFramedWithoutAFault(profile: FIXGenerator.Profile) {
    let framed = frame(Self.stream(messages: 5000, seed: 3, profile: profile))
    #expect(framed.messages.count == 5000)
    #expect(framed.rejects.isEmpty)
  }

  @Test func traffic_ofTheSameSeed_isTheSame() {
    let first = Self.stream(messages: 500, seed: 9, profile: .mixed)
    #expect(first.elementsEqual(Self.stream(messages: 500, seed: 9, profile: .mixed)))
    #expect(!first.elementsEqual(Self.stream(messages: 500, seed: 10, profile: .mixed)))
  }

  @Test func smallProfile_isAboutAHundredBytesAMessage() {
    let bytes = Self.stream(messages: 20_000, seed: 1, profile: .small).count
    #expect((90...110).contains(bytes / 20_000))
  }

  @Test(arguments: FIXGenerator.Profile.allCases)
  func traffic_beginsWithLogons_andCountsEachSidesMessages(profile: FIXGenerator.Profile) {
    let messages = frame(Self.stream(messages: 2000, seed: 4, profile: profile)).messages
    #expect(messages.prefix(2).allSatisfy { fields($0)["35"] == "A" })
    var expected = ["BUY": 1, "SELL": 1]
    for message in messages {
      let fields = fields(message)
      let sender = fields["49"]!
      #expect(fields["34"] == String(expected[sender]!))
      expected[sender]! += 1
      #expect(fields["52"]!.count == 17 || fields["52"]!.count == 21)
      if fields["35"] == "D" {
        #expect(["11", "38", "40", "54", "55", "60"].allSatisfy { fields[$0] != nil })
      }
      if fields["35"] == "8" {
        #expect(["6", "14", "17", "37", "39", "54", "55", "150", "151"].allSatisfy { fields[$0] != nil })
        #expect(Int(fields["14"]!)! + Int(fields["151"]!)! == Int(fields["38"]!)!)
      }
    }
  }

  private func fields(_ message: [UInt8]) -> [String: String] {
    var fields: [String: String] = [:]
    for field in message.split(separator: 1) {
      let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      fields[String(decoding: parts[0], as: UTF8.self)] = String(decoding: parts[1], as: UTF8.self)
    }
    return fields
  }
}
