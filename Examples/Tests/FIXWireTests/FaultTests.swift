import FIXWire
import Testing

/// Each kind of fault, alone between good messages: which bytes it takes, and that it takes no others.
@Suite struct FaultTests {
  static let good = message("35=0|49=A|56=B|34=1|")
  static let order = message("35=D|49=A|56=B|34=2|11=ID|55=IBM|54=1|38=100|40=1|")
  static let quoting = message(fix("35=B|148=x|95=\(order.count)|96=") + order + fix("|58=end|"))
  static let end = FaultTests.good.count

  /// One stretch of bytes and what it must be taken for.
  struct Fault: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let faults: [FrameFault]
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ faults: FrameFault...) {
      self.name = name
      self.bytes = bytes
      self.faults = faults
    }
  }

  static let faults: [Fault] = [
    Fault("wrong checksum", order.withBadChecksum, .badChecksum),
    Fault("checksum above 255", Array(order.dropLast(4)) + fix("999|"), .badChecksum),
    Fault("checksum of two digits", Array(order.dropLast(4)) + fix("12|"), .badChecksum),
    Fault("checksum of letters", Array(order.dropLast(4)) + fix("abc|"), .badChecksum),
    Fault("wrong checksum of a message that quotes one", quoting.withBadChecksum, .badChecksum),
    Fault("length 7 too large", order.declaring("\(order.declaredLength + 7)"), .badBodyLength),
    Fault("length 1 too large", order.declaring("\(order.declaredLength + 1)"), .badBodyLength),
    Fault("length 1 too small", order.declaring("\(order.declaredLength - 1)"), .badBodyLength),
    Fault("length 0", order.declaring("0"), .badBodyLength),
    Fault("length 9999", order.declaring("9999"), .badBodyLength),
    Fault("length of 30 digits", order.declaring(String(repeating: "9", count: 30)), .badBodyLength),
    Fault("length of letters", order.declaring("abc"), .badBodyLength),
    Fault("no length", order.declaring(""), .badBodyLength),
    Fault("negative length", order.declaring("-5"), .badBodyLength),
    Fault(
      "length up to the next message's trailer",
      order.declaring("\(order.declaredLength + 7 + good.count - 7)"), .badBodyLength),
    Fault(
      "wrong length of a message that quotes one", quoting.declaring("\(quoting.declaredLength + 7)"),
      .badBodyLength),
    Fault(
      "length that ends at the quoted message's trailer",
      quoting.declaring("\(quoting.declaredLength - 16)"), .badBodyLength),
    Fault("length above the maximum", order.declaring("2000000"), .tooLarge),
    Fault("cut in the middle of a field", Array(order.dropLast(20)), .badBodyLength),
    Fault("cut behind a field", Array(order.dropLast(7)), .badBodyLength),
    Fault("cut inside quoted data", Array(quoting.dropLast(40)), .badBodyLength, .badBodyLength),
    Fault("noise", [0, 0xFF] + Array("noise".utf8), .garbage),
    Fault("one SOH", [1], .garbage),
    Fault("noise with a start in it", fix("xx8=FIX noise|9=3|"), .garbage, .badBodyLength),
    Fault("noise that ends like a start", fix("xx8=FIX"), .garbage),
    Fault("noise that ends like a longer start", fix("xx8=FIX.4.4|9"), .garbage),
    Fault("noise that is a start without a body", fix("8=FIX.4.4|9=51|"), .badBodyLength),
    Fault("noise that is a start up to its length", fix("8=FIX.4.4|9=5"), .badBodyLength),
    Fault("noise of trailers", fix("10=123|10=124|"), .garbage),
    Fault("noise, then a wrong checksum", fix("||") + good.withBadChecksum, .garbage, .badChecksum),
    Fault(
      "two wrong checksums and a wrong length",
      good.withBadChecksum + order.withBadChecksum + order.declaring("99"), .badChecksum, .badChecksum,
      .badBodyLength),
  ]

  @Test(arguments: faults)
  func fault_betweenMessages_isRejectedAlone(fault: Fault) {
    let framed = frame(Self.good + fault.bytes + Self.good + Self.order)
    #expect(framed.messages == [Self.good, Self.good, Self.order])
    #expect(framed.faults == fault.faults)
    #expect(framed.rejects.flatMap(\.bytes) == fault.bytes)
  }

  @Test(arguments: faults)
  func fault_betweenMessages_doesNotDependOnWhereTheInputIsCut(fault: Fault) {
    let stream = Self.good + fault.bytes + Self.order + Self.good
    let whole = frame(stream)
    #expect(whole.messages == [Self.good, Self.order, Self.good])
    for cut in 0...stream.count { #expect(frame([stream[..<cut], stream[cut...]]) == whole) }
    #expect(frame(stream.indices.map { stream[$0...$0] }) == whole)
    for seed in 0..<20 { #expect(frame(randomChunks(of: stream, seed: UInt64(seed), longest: 40)) == whole) }
  }

  @Test(arguments: faults)
  func fault_atTheEndOfTheInput_leavesTheMessagesBeforeIt(fault: Fault) {
    let framed = frame(Self.good + Self.order + fault.bytes)
    #expect(framed.messages == [Self.good, Self.order])
    #expect(framed.rejects.flatMap(\.bytes) == fault.bytes)
    let again = frame(randomChunks(of: Self.good + Self.order + fault.bytes, seed: 5, longest: 30))
    #expect(again == framed)
  }

  @Test(arguments: faults)
  func fault_aloneOrFirst_losesNothing(fault: Fault) {
    #expect(frame(fault.bytes).messages.isEmpty)
    #expect(frame(fault.bytes + Self.quoting).messages == [Self.quoting])
  }

  @Test func lastMessage_withWrongLength_isABadLengthAndNoTruncation() {
    #expect(frame(Self.good + Self.order.declaring("900")).faults == [.badBodyLength])
    #expect(frame(Self.good + Self.order.withBadChecksum).faults == [.badChecksum])
  }

  @Test(arguments: [Fault("an order", order), Fault("a message that quotes one", quoting)])
  func input_thatEndsInsideAMessage_isTruncatedAtEveryByte(last: Fault) {
    let last = last.bytes
    for length in 1..<last.count {
      let framed = frame(Self.good + last.prefix(length))
      #expect(framed.messages == [Self.good], "cut at \(length)")
      #expect(framed.faults == [.truncatedEnd], "cut at \(length)")
    }
  }

  @Test func input_thatIsEmpty_hasNothing() {
    #expect(frame([UInt8]()) == Framed())
  }

  @Test func messages_thatQuoteMessages_areWhole() {
    let framed = frame(Self.quoting + Self.quoting + Self.good)
    #expect(framed.messages == [Self.quoting, Self.quoting, Self.good])
  }

  @Test func message_cutInsideDataThatWouldReachOverManyMessages_takesNoneOfThem() {
    // The claimed data ends inside the third message behind it, right before a SOH.
    let following = Self.good + Self.order + Self.order + Self.good
    let soh = (Self.good.count + Self.order.count + 10..<following.count).first { following[$0] == 1 }!
    let cut = message(fix("35=B|95=\(soh + 3)|96=") + [UInt8](repeating: 7, count: soh + 3) + [1])
    let head = Array(cut[..<(cut.firstIndex(of: 7)! + 3)])
    let framed = frame(Self.good + head + following)
    #expect(framed.messages == [Self.good, Self.good, Self.order, Self.order, Self.good])
    #expect(framed.rejects.flatMap(\.bytes) == head)
  }

  @Test(arguments: 0..<4)
  func streams_cutAndJoinedAtEveryByte_loseOnlyTheMessageThatWasCut(seed: UInt64) {
    var random = SplitMix64(seed: 400 + seed)
    let cut = seed == 0 ? Self.quoting : FuzzTests.randomMessage(&random)
    let following = (0..<5).map { _ in FuzzTests.randomMessage(&random) }
    for place in 0...cut.count {
      let afterHead = frame(Self.good + cut[..<place] + following.joined())
      var head = [Self.good] + (place == cut.count ? [cut] : [])
      // Cut right behind a quoted message, it could as well have been cut before that one.
      if seed == 0 && place == cut.count - trailer(0).count - fix("|58=end|").count {
        head.append(Self.order)
      }
      #expect(afterHead.messages == head + following, "head up to \(place)")
      // The rest of a message that quotes another holds that one whole, and nothing tells that it is a quote.
      let afterTail = frame(Array(cut[place...]) + following.joined())
      #expect(afterTail.messages.suffix(5) == following[...], "tail from \(place)")
      let bytes = afterHead.counts.bytes + afterTail.counts.bytes
      #expect(bytes == Self.good.count + cut.count + 2 * following.joined().count)
    }
  }
}
