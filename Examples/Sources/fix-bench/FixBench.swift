// What one message costs in each part of the archive, on one core: best of several rounds, in nanoseconds per
// message of the `small` profile. The input stays in the second-level cache, so that the parts are measured
// and not the memory.
import FIXArchiveFormat
import FIXWire

@main
struct FixBench {
  static let rounds = 7
  static let messages = 4_000_000

  static func main() throws {
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { unsafe input.deallocate() }
    var generator = FIXGenerator(seed: 1, profile: .small)
    let (bytes, count) = unsafe generator.fill(input, limit: .max)
    let filled = unsafe UnsafeRawBufferPointer(rebasing: input[..<bytes])
    print("messages of \(tenths(Double(bytes) / Double(count))) bytes, best of \(rounds) rounds")

    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { unsafe scratch.deallocate() }
    report("generate") { unsafe generate(into: scratch) }
    report("frame") { unsafe frame(filled, count: count) }
    report("frame through StreamBuffer") { unsafe drain(filled, count: count) }
    let archive = try unsafe Archive(of: filled, segments: 4)
    defer { archive.remove() }
    report("encode records") { archive.encode() }
    try report("read records from a file") { try archive.read() }
    try report("verify records from a file") { try archive.verify() }
  }

  /// Runs `body`, which returns how many messages it handled, and prints the best time per message.
  static func report(_ name: String, _ body: () throws -> Int) rethrows {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<rounds {
      let begin = clock.now
      let handled = try body()
      let time = clock.now - begin
      let parts = time.components
      let nanoseconds = Double(parts.seconds) * 1e9 + Double(parts.attoseconds) / 1e9
      best = min(best, nanoseconds / Double(handled))
    }
    let padding = String(repeating: " ", count: max(0, 32 - name.count))
    print("  \(name)\(padding)\(tenths(best)) ns")
  }

  static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  static func generate(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var generator = FIXGenerator(seed: 1, profile: .small)
    var done = 0
    while done < messages { done += unsafe generator.fill(buffer, limit: messages - done).messages }
    return done
  }

  static func frame(_ input: UnsafeRawBufferPointer, count: Int) -> Int {
    let bytes = unsafe RawSpan(_unsafeBytes: input)
    var done = 0
    while done < messages {
      var framer = FIXFramer()
      var offset = 0
      loop: while true {
        switch framer.next(in: bytes, at: offset, isFinal: true) {
        case .message(let length): offset += length
        default: break loop
        }
        done += 1
      }
      precondition(offset == input.count)
    }
    return done
  }

  static func drain(_ input: UnsafeRawBufferPointer, count: Int) -> Int {
    var buffer = StreamBuffer(capacity: 1 << 19, maximumMessageLength: 1 << 16)
    var total = 0
    while buffer.counts.messages < messages {
      var place = 0
      while place < input.count {
        place += unsafe buffer.fill { region in
          let part = unsafe UnsafeRawBufferPointer(
            rebasing: input[place..<min(place + region.count, input.count)])
          unsafe region.copyMemory(from: part)
          return part.count
        }
        _ = buffer.drain(
          message: { message in
            total &+= message.byteCount
            return true
          }, reject: { _, _ in })
      }
    }
    precondition(total == buffer.counts.messageBytes)
    return buffer.counts.messages
  }
}
