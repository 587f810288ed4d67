// expect-error: 'claim' consumed more than once
// A claim ends once.
import LogBuf

func commitTwice(_ writer: inout SPSCWriter) throws {
  let claim = try writer.tryClaim(8)
  claim.commit()
  claim.commit()
}
