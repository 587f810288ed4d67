/// Whether a data length inside a damaged message is to be believed.
///
/// The data may quote whole messages, which are then no messages of this stream; but a message may also have
/// been cut inside its data, and then what follows are the stream's own messages, which must not be lost. Two
/// things tell them apart: SOH stands behind real data, and a quoted message ends inside the data that quotes
/// it, where one of the stream's own does not care where the claim ends.
extension DamagedMessage {
  enum DataClaim {
    /// No data field begins here, or its length is not to be believed.
    case none
    /// A data field; the next field begins at `end`.
    case data(end: Int)
    /// The input ends inside a data field.
    case toInputEnd
    /// It can be told when the input reaches `end`.
    case needMore(end: Int)
  }

  /// Judges the field at `lengthField`, whose SOH is at `soh`. O(1) for other fields. For a data field
  /// O(messages in the data), and O(data) where that was not searched for an earlier claim.
  func dataClaim(lengthField: Int, soh: Int, in bytes: RawSpan, _ messages: inout FoundMessages) -> DataClaim
  {
    guard let tag = bytes.decimal(from: lengthField, to: soh), bytes[byte: tag.end] == FIXByte.equals,
      let dataTag = FIXDataField.tag(announcedBy: tag.value),
      let length = bytes.decimal(from: tag.end + 1, to: soh), length.end == soh
    else { return .none }

    // The data field's own tag, right behind.
    let tagEnd = soh + 1 + (dataTag < 100 ? 2 : dataTag < 1000 ? 3 : 4)
    if tagEnd >= limit { return .none }
    if tagEnd >= bytes.byteCount { return isFinal ? .none : .needMore(end: tagEnd + 1) }
    guard let found = bytes.decimal(from: soh + 1, to: tagEnd), found.value == dataTag, found.end == tagEnd,
      bytes[byte: tagEnd] == FIXByte.equals
    else { return .none }

    let data = tagEnd + 1
    let dataEnd = data + length.value
    if dataEnd >= limit { return .none }
    if dataEnd >= bytes.byteCount {
      if !isFinal { return .needMore(end: dataEnd + 1) }
      return dataEnd > bytes.byteCount && isStream(from: data, in: bytes, &messages) ? .none : .toInputEnd
    }
    guard bytes[byte: dataEnd] == FIXByte.soh else { return .none }
    return withoutStraddler(data..<dataEnd, in: bytes, &messages)
  }

  /// Believes the claim unless a sound message begins in the data and ends behind it.
  private func withoutStraddler(
    _ data: Range<Int>, in bytes: RawSpan, _ messages: inout FoundMessages
  ) -> DataClaim {
    var place = data.lowerBound
    while place < data.upperBound {
      switch messages.nextMessage(
        in: bytes, range: place..<data.upperBound, windowEnd: windowEnd, maximumLength: windowEnd - offset,
        isFinal: isFinal)
      {
      case .none: place = data.upperBound
      case .needMore(let end): return .needMore(end: end)
      case .message(let message):
        if message.upperBound > data.upperBound { return .none }
        place = message.upperBound
      }
    }
    return .data(end: data.upperBound + 1)
  }

  /// Whether the input from `place` to its end is a stream of messages: sound ones, the last of them up to the
  /// end or followed by another start.
  private func isStream(from place: Int, in bytes: RawSpan, _ messages: inout FoundMessages) -> Bool {
    var place = place
    var foundAny = false
    while case .message(let message) = messages.nextMessage(
      in: bytes, range: place..<bytes.byteCount, windowEnd: windowEnd, maximumLength: windowEnd - offset,
      isFinal: true)
    {
      foundAny = true
      place = message.upperBound
    }
    if !foundAny { return false }
    if place == bytes.byteCount { return true }
    if case .none = MessageStart.match(bytes, at: place) { return false }
    return true
  }
}
