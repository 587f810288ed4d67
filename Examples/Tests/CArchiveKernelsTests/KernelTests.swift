import CArchiveKernels
import Testing

/// The kernels against the definitions they speed up, at every length and alignment that changes their path.
@Suite struct KernelTests {
  static let bytes: [UInt8] = {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<8192).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }()

  /// CRC32C bit by bit, from the polynomial (RFC 3720 appendix B.4).
  func plainCRC(_ bytes: ArraySlice<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    ~bytes.reduce(~crc) { state, byte in
      (0..<8).reduce(state ^ UInt32(byte)) { state, _ in
        (state >> 1) ^ (state & 1 == 1 ? 0x82F6_3B78 : 0)
      }
    }
  }

  @Test func crc_ofTheCheckString_isTheOneInTheStandard() {
    let check = Array("123456789".utf8)
    #expect(unsafe nx_crc32c(0, check, check.count) == 0xE306_9283)
    #expect(unsafe nx_crc32c_table(0, check, check.count) == 0xE306_9283)
  }

  @Test(arguments: 0..<16)
  func kernels_atEveryLengthAndAlignment_agreeWithThePlainOnes(alignment: Int) {
    unsafe Self.bytes.withUnsafeBytes { buffer in
      for length in 0...300 {
        let base = unsafe buffer.baseAddress! + alignment
        let slice = Self.bytes[alignment..<alignment + length]
        let crc = plainCRC(slice)
        #expect(unsafe nx_crc32c(0, base, length) == crc)
        #expect(unsafe nx_crc32c_table(0, base, length) == crc)
        #expect(unsafe nx_byte_sum(base, length) == slice.reduce(0, &+))
      }
    }
  }

  @Test(arguments: [3071, 3072, 3073, 6144, 6151, 8000])
  func crc_ofALongBuffer_agreesWithThePlainOne(length: Int) {
    let slice = Self.bytes[0..<length]
    #expect(unsafe nx_crc32c(0, Self.bytes, length) == plainCRC(slice))
    #expect(unsafe nx_byte_sum(Self.bytes, length) == slice.reduce(0, &+))
  }

  @Test func crc_continued_isTheCRCOfTheWhole() {
    let first = unsafe nx_crc32c(0, Self.bytes, 1000)
    let rest = Array(Self.bytes[1000..<5000])
    #expect(unsafe nx_crc32c(first, rest, rest.count) == plainCRC(Self.bytes[0..<5000]))
  }

  @Test func recordCRC_isTheCRCOfItsPartsInOrder() {
    let offset: UInt64 = 0x0102_0304_0506_0708
    let word: UInt32 = 0x1000_0064
    let time: UInt64 = 0x1817_1615_1413_1211
    var parts: [UInt8] = []
    unsafe withUnsafeBytes(of: offset.littleEndian) { unsafe parts.append(contentsOf: $0) }
    unsafe withUnsafeBytes(of: word.littleEndian) { unsafe parts.append(contentsOf: $0) }
    unsafe withUnsafeBytes(of: time.littleEndian) { unsafe parts.append(contentsOf: $0) }
    parts.append(contentsOf: Self.bytes[0..<100])
    let expected = plainCRC(parts[...], continuing: 77)
    #expect(unsafe nx_record_crc32c(77, offset, word, time, Self.bytes, 100) == expected)
  }
}
