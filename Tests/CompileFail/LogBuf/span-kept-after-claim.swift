// expect-error: overlapping accesses to 'claim'
// A claim cannot be committed while somebody can still write to its bytes.
import LogBuf

func writeLate(_ writer: inout SPSCWriter) throws {
  var claim = try writer.tryClaim(8)
  var bytes = claim.bytes
  claim.commit()
  bytes.storeBytes(of: 1, as: UInt64.self)
}
