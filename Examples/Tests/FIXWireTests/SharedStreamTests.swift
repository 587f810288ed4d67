import FIXWire
import Glibc
import Testing

/// The recorded streams that come with the project, where they are at hand.
@Suite struct SharedStreamTests {
  static let directory: String? = {
    // The folder beside the repository: this file is four levels deep in it.
    let repository = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
    let beside = repository.dropLast().joined(separator: "/") + "/shared/data/fix"
    let named = unsafe getenv("FIX_DATA_DIR")
    let candidates = [unsafe named.map { unsafe String(cString: $0) }, beside]
    return candidates.compactMap(\.self).first { unsafe access($0 + "/expected.json", R_OK) == 0 }
  }()

  static let isMissing: Comment =
    "no streams in shared/data/fix beside the repository, and FIX_DATA_DIR names no other place"

  @Test(.enabled(if: directory != nil, isMissing))
  func session_isAllMessages() throws {
    let bytes = try contents("session.fix")
    let framed = frame(bytes)
    #expect(try framed.messages.count == expected("messages"))
    #expect(framed.rejects.isEmpty)
    #expect(framed.messages.joined().elementsEqual(bytes))
    #expect(try framed.messages.map(\.count).max() == expected("largest"))
  }

  @Test(.enabled(if: directory != nil, isMissing), arguments: [0, 1, 2])
  func dirty_hasTheMessagesAndFaultsThatWereMadeFromSession(seed: UInt64) throws {
    let bytes = try contents("dirty.fix")
    let framed = seed == 0 ? frame(bytes) : frame(randomChunks(of: bytes, seed: seed))
    #expect(try framed.messages.count == expected("dirty_valid_messages"))
    #expect(try SHA256.hex(of: Array(framed.messages.joined())) == expectedText("dirty_valid_sha256"))
    for fault in FrameFault.allCases where fault != .tooLarge {
      #expect(try framed.counts.count(of: fault) == expected(fault.rawValue), "\(fault)")
    }
    #expect(framed.counts.count(of: .tooLarge) == 0)
    #expect(framed.counts.bytes == bytes.count)
  }

  // expected.json is flat but for one object, and its keys are unique.
  private func expectedText(_ key: String) throws -> String {
    let text = String(decoding: try contents("expected.json"), as: UTF8.self)
    let value = text.split(separator: "\"\(key)\": ", omittingEmptySubsequences: false)[1]
    return String(value.drop { $0 == "\"" }.prefix { $0.isLetter || $0.isNumber })
  }

  private func expected(_ key: String) throws -> Int { Int(try expectedText(key))! }

  private func contents(_ name: String) throws -> [UInt8] {
    let path = Self.directory! + "/" + name
    let file = unsafe open(path, O_RDONLY)
    try #require(file >= 0, "cannot open \(path)")
    defer { close(file) }
    var status = stat()
    try #require(unsafe fstat(file, &status) == 0)
    let size = Int(status.st_size)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = unsafe read(file, buffer.baseAddress! + count, size - count)
        if got <= 0 { break }
        count += got
      }
    }
  }
}

/// `bytes` in pieces of 1 to 9000 bytes.
func randomChunks(of bytes: [UInt8], seed: UInt64, longest: Int = 9000) -> [ArraySlice<UInt8>] {
  var random = SplitMix64(seed: seed)
  var chunks: [ArraySlice<UInt8>] = []
  var place = 0
  while place < bytes.count {
    let end = min(bytes.count, place + 1 + random.below(longest))
    chunks.append(bytes[place..<end])
    place = end
  }
  return chunks
}
