// expect-error: 'claim' used after consume
// The bytes belong to the reader once they are committed.
import LogBuf

func writeAfterCommit(_ writer: inout SPSCWriter) throws {
  var claim = try writer.tryClaim(8)
  claim.commit()
  claim.write { bytes in bytes.storeBytes(of: 1, as: UInt64.self) }
}
