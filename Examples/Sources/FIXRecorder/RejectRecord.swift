internal import CArchiveKernels
internal import FIXWire

/// One reject as it stands in the reject file, `FORMAT.md` has the table: a header, and the bytes as received.
struct RejectRecord {
  /// Bytes before the rejected ones.
  static let headerSize = 48
  /// The text `FXRJ`.
  private static let magic: UInt32 = 0x4A52_5846

  let reject: FrameReject
  /// Which input: 1 for a file or standard input, or the number of the connection.
  let stream: UInt64
  /// Where in that input, in bytes from its start.
  let offset: Int
  /// When it was received, in nanoseconds since 1970.
  let receiveTime: UInt64

  /// Fills `room`, which has the header and `bytes`. O(bytes).
  @unsafe
  func encode(_ bytes: RawSpan, into room: UnsafeMutableRawBufferPointer) {
    unsafe room.storeBytes(of: Self.magic, toByteOffset: 0, as: UInt32.self)
    unsafe room.storeBytes(of: reject.fault.code, toByteOffset: 8, as: UInt32.self)
    unsafe room.storeBytes(of: reject.isContinuation ? 1 : 0, toByteOffset: 12, as: UInt32.self)
    unsafe room.storeBytes(of: UInt64(bytes.byteCount), toByteOffset: 16, as: UInt64.self)
    unsafe room.storeBytes(of: stream, toByteOffset: 24, as: UInt64.self)
    unsafe room.storeBytes(of: UInt64(offset), toByteOffset: 32, as: UInt64.self)
    unsafe room.storeBytes(of: receiveTime, toByteOffset: 40, as: UInt64.self)
    unsafe bytes.withUnsafeBytes { source in
      // SAFETY: the caller's room is a header larger than the bytes.
      unsafe (room.baseAddress! + Self.headerSize).copyMemory(
        from: source.baseAddress!, byteCount: source.count)
    }
    let check = unsafe nx_crc32c(0, room.baseAddress! + 8, Self.headerSize - 8 + bytes.byteCount)
    unsafe room.storeBytes(of: check, toByteOffset: 4, as: UInt32.self)
  }

  /// Whether this record counts as a fault of its own.
  static func countsAsFault(_ record: RawSpan) -> Bool {
    // SAFETY: every bit pattern is a UInt32; the load checks the bounds.
    unsafe record.unsafeLoad(fromByteOffset: 12, as: UInt32.self) & 1 == 0
  }
}

extension FrameFault {
  /// The kind's number in a reject file.
  var code: UInt32 {
    switch self {
    case .badChecksum: 1
    case .badBodyLength: 2
    case .garbage: 3
    case .truncatedEnd: 4
    case .tooLarge: 5
    }
  }
}
