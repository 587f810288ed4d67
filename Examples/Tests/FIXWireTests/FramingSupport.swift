import FIXWire

/// What came of framing a stream.
struct Framed: Equatable {
  var messages: [[UInt8]] = []
  var rejects: [Rejected] = []
  var counts = FramingCounts()

  struct Rejected: Equatable {
    let fault: FrameFault
    var bytes: [UInt8]
  }

  /// The faults in order, pieces of one run put together.
  var faults: [FrameFault] { rejects.map(\.fault) }
}

/// Frames `chunks` as they come, and checks that every byte is accounted for.
func frame(_ chunks: [ArraySlice<UInt8>], maximumMessageLength: Int = 1 << 20) -> Framed {
  var framed = Framed()
  var buffer = StreamBuffer(capacity: 4096, maximumMessageLength: maximumMessageLength)
  func drain(_ buffer: inout StreamBuffer) {
    _ = buffer.drain(
      message: { bytes in
        framed.messages.append(bytes.array)
        return true
      },
      reject: { reject, bytes in
        if reject.isContinuation {
          framed.rejects[framed.rejects.count - 1].bytes += bytes.array
        } else {
          framed.rejects.append(.init(fault: reject.fault, bytes: bytes.array))
        }
      })
  }
  for var chunk in chunks {
    repeat {
      let written = unsafe buffer.fill { region in
        let count = min(region.count, chunk.count)
        unsafe region.copyBytes(from: chunk.prefix(count))
        return count
      }
      chunk = chunk.dropFirst(written)
      drain(&buffer)
    } while !chunk.isEmpty
  }
  buffer.finish()
  drain(&buffer)
  framed.counts = buffer.counts
  return framed
}

func frame(_ bytes: [UInt8], maximumMessageLength: Int = 1 << 20) -> Framed {
  frame([bytes[...]], maximumMessageLength: maximumMessageLength)
}

extension RawSpan {
  var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}

/// A message with a right length and checksum; `|` stands for SOH.
func message(_ body: String, version: String = "FIX.4.4") -> [UInt8] {
  message(Array(body.utf8).map { $0 == UInt8(ascii: "|") ? 1 : $0 }, version: version)
}

func message(_ body: [UInt8], version: String = "FIX.4.4", declaring length: Int? = nil) -> [UInt8] {
  let start = Array("8=\(version)\u{1}9=\(length ?? body.count)\u{1}".utf8) + body
  return start + trailer(Int(start.reduce(0, &+)))
}

func trailer(_ sum: Int) -> [UInt8] {
  let digits = String(sum)
  return Array("10=\(String(repeating: "0", count: 3 - digits.count))\(digits)\u{1}".utf8)
}

/// The text with SOH for `|`.
func fix(_ text: String) -> [UInt8] { Array(text.utf8).map { $0 == UInt8(ascii: "|") ? 1 : $0 } }

extension Array where Element == UInt8 {
  /// The same message with another checksum.
  var withBadChecksum: [UInt8] {
    var copy = self
    copy[count - 2] = copy[count - 2] == UInt8(ascii: "9") ? UInt8(ascii: "0") : copy[count - 2] + 1
    return copy
  }

  /// The same message declaring `length`, its checksum left as it was.
  func declaring(_ length: String) -> [UInt8] {
    let field = firstIndex(of: 1)! + 3
    let end = self[field...].firstIndex(of: 1)!
    return Array(self[..<field]) + Array(length.utf8) + Array(self[end...])
  }

  var declaredLength: Int {
    let field = firstIndex(of: 1)! + 3
    return Int(String(decoding: self[field...].prefix { $0 != 1 }, as: UTF8.self))!
  }
}
