// expect-error: overlapping accesses to 'writer'
// A writer has one live claim at most.
import LogBuf

func claimTwice(_ writer: inout SPSCWriter) throws {
  let first = try writer.tryClaim(8)
  let second = try writer.tryClaim(8)
  second.commit()
  first.commit()
}
